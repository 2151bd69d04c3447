using System.Globalization;
using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>The database file: opens connections to it, having made sure that it is ours, or made it. Calls block on the disk and on other processes' locks.</summary>
internal sealed class SqliteDatabase
{
    private const int WriterCacheKib = 16 * 1024;
    private const int AutoCheckpointPages = 2000;

    private volatile bool _isGone;

    static SqliteDatabase() => SQLitePCL.Batteries_V2.Init();

    public SqliteDatabase(string path, SqliteProviderOptions options)
    {
        Path = System.IO.Path.GetFullPath(path);
        Directory = System.IO.Path.GetDirectoryName(Path) ?? Path;
        Options = options;
    }

    public string Path { get; }

    public string Directory { get; }

    public string WalPath => Path + "-wal";

    public SqliteProviderOptions Options { get; }

    /// <summary>Opens the connection that writes; makes folder, file and tables where they are missing.</summary>
    /// <exception cref="StreamException">The file is not ours or newer (nothing was changed), or cannot be opened or made.</exception>
    public SqliteSession OpenWriter()
    {
        MakeFolder();
        SqliteFormat.RefuseForeignFile(this);
        var session = Open(SqliteOpenMode.ReadWriteCreate);
        try
        {
            if (session.IsReadOnly)
            {
                throw new StreamException(StreamErrorKind.Unauthorized,
                    $"SQLite database '{Path}' is read-only; check the rights on the file, its folder and the mount.");
            }

            SqliteFormat.CreateOrCheck(session, this);
            SqliteFormat.SwitchToWal(session, this);
            SetBusyTimeout(session, TimeSpan.Zero); // from here on the write lock is waited for by SqliteWriteLock
            session.ExecuteOnce($"PRAGMA synchronous = {(Options.Synchronous == SqliteSynchronous.Full ? "FULL" : "NORMAL")}");
            session.ExecuteOnce(Invariant($"PRAGMA cache_size = -{WriterCacheKib}"));
            session.ExecuteOnce(Invariant($"PRAGMA wal_autocheckpoint = {AutoCheckpointPages}"));
            session.ExecuteOnce(Invariant($"PRAGMA journal_size_limit = {Options.MaxWalBytes}"));
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Opens a connection that reads, after <see cref="OpenWriter"/> succeeded once.</summary>
    public SqliteSession OpenReader()
    {
        var session = Open(SqliteOpenMode.ReadWrite);
        session.ExecuteOnce("PRAGMA query_only = ON");
        return session;
    }

    /// <summary>Opens the file as it lies there: takes no lock, makes no file, looks at no write-ahead log.</summary>
    public SqliteSession OpenUntouched() => Open(SqliteOpenMode.ReadOnly, new Uri(Path).AbsoluteUri + "?immutable=1");

    /// <summary>SQLite goes on writing into a file that was deleted; what it acknowledged then would be lost.</summary>
    public void ThrowIfGone()
    {
        if (_isGone || !File.Exists(Path))
        {
            _isGone = true;
            throw new StreamException(StreamErrorKind.Fatal, $"SQLite database '{Path}' was moved or deleted while in use. Open a new provider.");
        }
    }

    /// <summary>Sets how long SQLite itself waits for a lock.</summary>
    public static void SetBusyTimeout(SqliteSession session, TimeSpan timeout) =>
        session.ExecuteOnce(Invariant($"PRAGMA busy_timeout = {(long)timeout.TotalMilliseconds}"));

    private SqliteSession Open(SqliteOpenMode mode, string? source = null)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = source ?? Path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 1, // SQLite's own busy timeout does the waiting; this only keeps the driver from waiting again
        }.ToString());
        try
        {
            connection.Open();
            var session = new SqliteSession(connection);
            SetBusyTimeout(session, Options.BusyTimeout);
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void MakeFolder()
    {
        if (System.IO.Directory.Exists(Path))
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"'{Path}' is a folder; the SQLite provider needs the path of a file.");
        }

        try
        {
            System.IO.Directory.CreateDirectory(Directory);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StreamException(StreamErrorKind.Unauthorized, $"The folder '{Directory}' for the SQLite database cannot be made: access was refused.", e);
        }
        catch (IOException e)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"The folder '{Directory}' for the SQLite database cannot be made; see the inner exception.", e);
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
