using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>Tells our databases from others by the marks in the file's header, and makes new ones.</summary>
internal static class SqliteFormat
{
    private const int SmallestPage = 512;

    /// <summary>Looks at the file without changing anything, not even a write-ahead log that belongs to it.</summary>
    public static void RefuseForeignFile(SqliteDatabase database)
    {
        var length = File.Exists(database.Path) ? new FileInfo(database.Path).Length : 0;
        if (length == 0)
        {
            return;
        }

        // SQLite takes a file that is shorter than any page for an empty one, and would write over it.
        if (length < SmallestPage && !File.Exists(database.Path + "-journal"))
        {
            throw new StreamException(StreamErrorKind.Incompatible, $"'{database.Path}' is not an SQLite database. It was left as it is; use another path.");
        }

        try
        {
            using var session = database.OpenUntouched();
            ThrowIfForeign(session, database);
        }
        catch (SqliteException e) when (!SqliteErrors.IsNotADatabase(e))
        {
            // Read without a lock: somebody may be writing right now. The locked look that follows decides.
        }
    }

    /// <summary>Makes the tables in an empty database, or checks the marks. Safe against several processes that do it at once.</summary>
    public static void CreateOrCheck(SqliteSession session, SqliteDatabase database)
    {
        if (ReadMarks(session) is { IsEmpty: false })
        {
            ThrowIfForeign(session, database);
            return;
        }

        // In the old journal mode, so that the marks are in the file itself from the first moment on.
        session.ExecuteOnce("BEGIN IMMEDIATE");
        try
        {
            if (ReadMarks(session) is { IsEmpty: true })
            {
                session.ExecuteOnce(FormattableString.Invariant($"PRAGMA application_id = {SqliteSchema.ApplicationId}"));
                session.ExecuteOnce(FormattableString.Invariant($"PRAGMA user_version = {SqliteSchema.FormatVersion}"));
                session.ExecuteOnce(SqliteSchema.Create);
            }

            ThrowIfForeign(session, database);
            session.ExecuteOnce("COMMIT");
        }
        catch
        {
            if (session.InTransaction)
            {
                session.ExecuteOnce("ROLLBACK");
            }

            throw;
        }
    }

    /// <summary>Turns the write-ahead log on, which stays so for good.</summary>
    public static void SwitchToWal(SqliteSession session, SqliteDatabase database)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                var mode = session.ExecuteOnce("PRAGMA journal_mode = WAL") as string;
                if (!string.Equals(mode, "wal", StringComparison.OrdinalIgnoreCase))
                {
                    throw new StreamException(StreamErrorKind.InvalidRequest,
                        $"SQLite database '{database.Path}' lies where SQLite cannot keep a write-ahead log (journal mode is '{mode}'). Use a local disk.");
                }

                return;
            }
            catch (SqliteException e) when (SqliteErrors.IsBusy(e) && TimeProvider.System.GetElapsedTime(started) < database.Options.BusyTimeout)
            {
                // SQLite itself does not wait here; the driver does, for its own time-out, before it throws.
            }
        }
    }

    private static void ThrowIfForeign(SqliteSession session, SqliteDatabase database)
    {
        var marks = ReadMarks(session);
        if (!marks.IsEmpty && marks.ApplicationId != SqliteSchema.ApplicationId)
        {
            throw new StreamException(StreamErrorKind.Incompatible,
                $"'{database.Path}' is an SQLite database, but not one of DashStream (application id {marks.ApplicationId:X8} instead of "
                + $"{SqliteSchema.ApplicationId:X8}). It was left as it is; use another path.");
        }

        if (marks.FormatVersion > SqliteSchema.FormatVersion)
        {
            throw new StreamException(StreamErrorKind.Incompatible,
                $"SQLite database '{database.Path}' has format {marks.FormatVersion}, made by a newer version; this one knows up to "
                + $"{SqliteSchema.FormatVersion}. It was left as it is; update DashStream.");
        }
    }

    private static Marks ReadMarks(SqliteSession session) => new(
        (long)session.ExecuteOnce("PRAGMA application_id")!,
        (long)session.ExecuteOnce("PRAGMA user_version")!,
        (long)session.ExecuteOnce("SELECT count(*) FROM sqlite_master")!);

    private readonly record struct Marks(long ApplicationId, long FormatVersion, long Objects)
    {
        public bool IsEmpty => ApplicationId == 0 && FormatVersion == 0 && Objects == 0;
    }
}
