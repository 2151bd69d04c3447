namespace AgentDemo.Library;

/// <summary>A short document of the library.</summary>
internal sealed record Note(string Id, string Title, string Text);

/// <summary>A search hit: better ones have a higher score.</summary>
internal sealed record NoteHit(string Id, string Title, double Score);
