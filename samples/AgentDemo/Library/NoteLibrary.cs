using Microsoft.Data.Sqlite;

namespace AgentDemo.Library;

/// <summary>
/// Thirty short notes in a SQLite database in memory, found by full text search (FTS5, ranked by BM25). One caller at a time works on the connection; calls
/// from several threads wait for each other.
/// </summary>
internal sealed class NoteLibrary : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;

    public NoteLibrary()
    {
        SQLitePCL.Batteries_V2.Init();
        _connection = new SqliteConnection("Data Source=:memory:");
        _connection.Open();
        Execute("CREATE VIRTUAL TABLE notes USING fts5(id UNINDEXED, title, body, tokenize = 'porter unicode61')");
        foreach (var note in NoteText.ReadAll())
        {
            Execute("INSERT INTO notes VALUES ($id, $title, $body)", ("$id", note.Id), ("$title", note.Title), ("$body", note.Text));
        }
    }

    /// <summary>The best notes for some words, best first; a word in a title counts for more.</summary>
    public IReadOnlyList<NoteHit> Search(IEnumerable<string> words, int limit)
    {
        var terms = string.Join(" OR ", words.Select(word => $"\"{word.Replace("\"", "", StringComparison.Ordinal)}\""));
        if (terms.Length == 0)
        {
            return [];
        }

        lock (_gate)
        {
            using var command = Command(
                "SELECT id, title, -bm25(notes, 0, 4, 1) FROM notes WHERE notes MATCH $terms ORDER BY bm25(notes, 0, 4, 1), id LIMIT $limit",
                ("$terms", terms), ("$limit", limit));
            using var row = command.ExecuteReader();
            var hits = new List<NoteHit>();
            while (row.Read())
            {
                hits.Add(new NoteHit(row.GetString(0), row.GetString(1), Math.Round(row.GetDouble(2), 3)));
            }

            return hits;
        }
    }

    /// <summary>A note, or null when there is none of that id.</summary>
    public Note? Fetch(string id)
    {
        lock (_gate)
        {
            using var command = Command("SELECT id, title, body FROM notes WHERE id = $id", ("$id", id));
            using var row = command.ExecuteReader();
            return row.Read() ? new Note(row.GetString(0), row.GetString(1), row.GetString(2)) : null;
        }
    }

    public void Dispose() => _connection.Dispose();

    private void Execute(string sql, params (string Name, object Value)[] parameters)
    {
        using var command = Command(sql, parameters);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params (string Name, object Value)[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }
}
