using System.Runtime.CompilerServices;
using DashStream.Analysis;
using Microsoft.Data.Sqlite;

namespace DashStream.Cli;

/// <summary>
/// Reads the SQLite store of the original (dashflow-streaming): tables <c>messages</c> and <c>consumer_offsets</c>. It may be in use, and nothing in its folder is
/// changed; what is read is one snapshot.
/// </summary>
internal sealed class OriginalSqliteStore : IDisposable
{
    private readonly string _path;
    private readonly OriginalSqliteFile _file;

    private OriginalSqliteStore(string path, OriginalSqliteFile file)
    {
        _path = path;
        _file = file;
    }

    /// <exception cref="ImportException">There is no such file, or it is no database of the original.</exception>
    public static OriginalSqliteStore Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new ImportException(path, null, null, "there is no such file");
        }

        SQLitePCL.Batteries_V2.Init();
        var store = new OriginalSqliteStore(path, OriginalSqliteFile.At(path));
        try
        {
            store._file.Connection.Open();
            store.Run("BEGIN");
            store.CheckTables();
            return store;
        }
        catch (SqliteException e)
        {
            store.Dispose();
            throw store.Fault(e);
        }
        catch (ImportException)
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>The topics, sorted.</summary>
    public IReadOnlyList<string> Topics() => Guard(() =>
    {
        var topics = new List<string>();
        using var command = Command("SELECT DISTINCT topic FROM messages ORDER BY topic");
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            topics.Add(row.GetString(0));
        }

        return topics;
    });

    /// <summary>The groups that have committed in a topic, sorted.</summary>
    public IReadOnlyList<OriginalGroup> Groups(string topic) => Guard(() =>
    {
        var groups = new List<OriginalGroup>();
        using var command = Command("SELECT group_id, committed_offset FROM consumer_offsets WHERE topic = $topic ORDER BY group_id", topic);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            groups.Add(new OriginalGroup(row.GetString(0), row.GetInt64(1)));
        }

        return groups;
    });

    /// <summary>The messages of a topic in the order of their offsets.</summary>
    /// <exception cref="ImportException">The database cannot be read, or somebody began to write it meanwhile.</exception>
    public async IAsyncEnumerable<OriginalEntry> ReadAsync(string topic, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var command = Command("SELECT id, offset, timestamp_us, data FROM messages WHERE topic = $topic ORDER BY offset", topic);
        using var row = Guard(command.ExecuteReader);
        while (Guard(row.Read))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Guard(() => Entry(row));
        }

        if (_file.WasChanged())
        {
            throw new ImportException(_path, null, null, "it was written while it was read; stop what writes it, then import it again");
        }

        await Task.CompletedTask;
    }

    public void Dispose() => _file.Dispose();

    private static OriginalEntry Entry(SqliteDataReader row)
    {
        var place = $"row {row.GetValue(0)}";
        if (row.GetValue(1) is not long offset)
        {
            return new OriginalEntry(place, long.MaxValue, 0, default, "its offset is not a whole number");
        }

        var time = row.GetValue(2) is long us ? Math.Max(us, 0) : 0;
        return row.GetValue(3) is byte[] data
            ? new OriginalEntry(place, offset, time, data, null)
            : new OriginalEntry(place, offset, time, default, "its data is not a blob");
    }

    private void CheckTables()
    {
        using var command = Command("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('messages', 'consumer_offsets')");
        if (command.ExecuteScalar() is not 2L)
        {
            throw new ImportException(_path, null, null, "it is no store of the original: it lacks the table messages or consumer_offsets");
        }
    }

    private void Run(string sql)
    {
        using var command = Command(sql);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, string? topic = null)
    {
        var command = _file.Connection.CreateCommand();
        command.CommandText = sql;
        if (topic is not null)
        {
            command.Parameters.AddWithValue("$topic", topic);
        }

        return command;
    }

    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqliteException e)
        {
            throw Fault(e);
        }
    }

    private ImportException Fault(SqliteException e) => new(_path, null, null, $"cannot be read as a SQLite store: {e.Message.TrimEnd('.')}", e);
}
