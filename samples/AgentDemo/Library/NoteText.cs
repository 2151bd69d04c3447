namespace AgentDemo.Library;

/// <summary>Reads the notes that the program carries: <c># id: title</c>, then the text, then an empty line.</summary>
internal static class NoteText
{
    public static IEnumerable<Note> ReadAll()
    {
        using var stream = typeof(NoteText).Assembly.GetManifestResourceStream("notes.txt")!;
        using var reader = new StreamReader(stream);
        foreach (var block in reader.ReadToEnd().ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (head, body) = Cut(block, '\n');
            var (id, title) = Cut(head.TrimStart('#'), ':');
            yield return new Note(id.Trim(), title.Trim(), body.Trim());
        }
    }

    private static (string Before, string After) Cut(string text, char at)
    {
        var i = text.IndexOf(at, StringComparison.Ordinal);
        return (text[..i], text[(i + 1)..]);
    }
}
