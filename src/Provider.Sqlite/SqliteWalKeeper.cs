namespace DashStream.Providers;

/// <summary>
/// Keeps the write-ahead log from growing without bound. SQLite's own checkpoints never wait for readers, so with readers always at work the log would only
/// grow; beyond the limit this one waits for a moment. Used by the writer's thread alone.
/// </summary>
internal sealed class SqliteWalKeeper(SqliteDatabase database)
{
    private static readonly TimeSpan ReaderPatience = TimeSpan.FromMilliseconds(100);
    private long _nextAt = database.Options.MaxWalBytes;

    /// <summary>What is wrong, or null. May be read from any thread.</summary>
    public string? Warning { get; private set; }

    public void Keep(SqliteSession session)
    {
        // By its directory entry only: opening and closing the file would drop SQLite's POSIX locks on it.
        var wal = new FileInfo(database.WalPath);
        if (!wal.Exists || wal.Length < _nextAt)
        {
            return;
        }

        var emptied = TryEmpty(session);
        _nextAt = emptied ? database.Options.MaxWalBytes : wal.Length + database.Options.MaxWalBytes;
        Warning = emptied ? null
            : $"The write-ahead log '{database.WalPath}' has {wal.Length / 1024 / 1024} MiB and cannot be emptied: some reader does not end its transaction.";
    }

    private static bool TryEmpty(SqliteSession session)
    {
        try
        {
            SqliteDatabase.SetBusyTimeout(session, ReaderPatience);
            return session.ExecuteOnce("PRAGMA wal_checkpoint(TRUNCATE)") is 0L;
        }
        catch (Microsoft.Data.Sqlite.SqliteException)
        {
            // The transactions are safe in the log; an error that stays will meet the next write and be reported there.
            return false;
        }
        finally
        {
            SqliteDatabase.SetBusyTimeout(session, TimeSpan.Zero);
        }
    }
}
