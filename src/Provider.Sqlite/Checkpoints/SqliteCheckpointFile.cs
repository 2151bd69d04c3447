using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>The database of a <see cref="SqliteCheckpointStore"/>: opened, made, or refused when it is somebody else's.</summary>
internal static class SqliteCheckpointFile
{
    /// <summary>"DSCP": says in the file's header what the database is.</summary>
    private const int ApplicationId = 0x44534350;

    private const int FormatVersion = 1;

    private const string Create = """
        CREATE TABLE checkpoints (
            tenant TEXT NOT NULL,
            thread TEXT NOT NULL,
            created_us INTEGER NOT NULL,
            id TEXT NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (tenant, thread, created_us, id));
        """;

    public static SqliteSession Open(SqliteDatabase database)
    {
        Directory.CreateDirectory(database.Directory);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = database.Path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
            DefaultTimeout = 1, // SQLite's own busy timeout does the waiting; this only keeps the driver from waiting again
        }.ToString());
        try
        {
            connection.Open();
            var session = new SqliteSession(connection);
            SqliteDatabase.SetBusyTimeout(session, database.Options.BusyTimeout);
            MakeOrCheck(session, database);
            ThrowIfCut(session, database);
            session.ExecuteOnce("PRAGMA journal_mode = WAL");
            session.ExecuteOnce("PRAGMA synchronous = FULL");
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // SQLite itself misses whole pages, but reads what is missing of the last one as zeros, which shows a table as empty instead of damaged.
    private static void ThrowIfCut(SqliteSession session, SqliteDatabase database)
    {
        var length = new FileInfo(database.Path).Length;
        if (session.ExecuteOnce("PRAGMA page_size") is long pageSize && length % pageSize != 0)
        {
            throw new StreamException(
                StreamErrorKind.Corrupt, $"SQLite database '{database.Path}' has {length} bytes, which is no number of whole pages of {pageSize}: it was cut. It was left as it is.");
        }
    }

    private static void MakeOrCheck(SqliteSession session, SqliteDatabase database)
    {
        session.ExecuteOnce("BEGIN IMMEDIATE");
        var (id, version) = (session.ExecuteOnce("PRAGMA application_id") as long?, session.ExecuteOnce("PRAGMA user_version") as long?);
        var isEmpty = id == 0 && version == 0 && session.ExecuteOnce("SELECT count(*) FROM sqlite_schema") as long? == 0;
        if (isEmpty)
        {
            session.ExecuteOnce(FormattableString.Invariant($"PRAGMA application_id = {ApplicationId}"));
            session.ExecuteOnce(FormattableString.Invariant($"PRAGMA user_version = {FormatVersion}"));
            session.ExecuteOnce(Create);
        }

        session.ExecuteOnce(isEmpty ? "COMMIT" : "ROLLBACK");
        if (!isEmpty && (id != ApplicationId || version != FormatVersion))
        {
            throw new StreamException(StreamErrorKind.Incompatible, id == ApplicationId
                ? $"'{database.Path}' holds checkpoints in format {version}; this version knows {FormatVersion}. It was left as it is."
                : $"'{database.Path}' is another program's database, or a provider's; checkpoints need a file of their own. It was left as it is.");
        }
    }
}
