namespace DashStream;

/// <summary>Health as found just now.</summary>
/// <param name="Alive">The process side works; false means it cannot recover by itself (restart it).</param>
/// <param name="Ready">The backend answered just now.</param>
/// <param name="Description">One sentence for people; names the endpoint, never a secret.</param>
/// <param name="Warnings">Things that work but are not as they should be.</param>
public sealed record StreamHealth(bool Alive, bool Ready, string Description, IReadOnlyList<string> Warnings);
