using Microsoft.Data.Sqlite;

namespace DashStream.Cli;

/// <summary>
/// Opens somebody else's database so that nothing in its folder changes: neither the database nor the files that SQLite keeps beside it. What lies in a log beside
/// it, after a crash or because it is in use, is read from a copy; a database that is written all the while is read in place, as by any reader beside its writer.
/// </summary>
internal sealed class OriginalSqliteFile : IDisposable
{
    private const int Attempts = 5;

    // Two bytes of the header are 2 where changes go through a log, which every reader would make anew.
    private const int FormatsAt = 18;
    private const byte WithLog = 2;

    private static readonly string[] Logs = ["-wal", "-journal"];

    private readonly string _file;
    private readonly string? _copy;
    private readonly Stamp? _asOpened;

    private OriginalSqliteFile(string file, SqliteConnection connection, string? copy = null, Stamp? asOpened = null)
    {
        _file = file;
        Connection = connection;
        _copy = copy;
        _asOpened = asOpened;
    }

    /// <summary>Not opened yet.</summary>
    public SqliteConnection Connection { get; }

    /// <param name="path">The database, which is there.</param>
    /// <param name="copied">For tests: called after each copying.</param>
    /// <exception cref="IOException">It cannot be read or copied.</exception>
    public static OriginalSqliteFile At(string path, Action? copied = null)
    {
        var file = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        var stamp = Stamp.Of(file);
        if (!Logs.Any(log => File.Exists(file + log)))
        {
            return HasLogFormat(file)
                ? new OriginalSqliteFile(file, Connect(Unlocked(file), SqliteOpenMode.ReadOnly), asOpened: stamp)
                : new OriginalSqliteFile(file, Connect(file, SqliteOpenMode.ReadOnly));
        }

        return TryCopy(file, copied) is { } copy
            ? new OriginalSqliteFile(file, Connect(Path.Combine(copy, Path.GetFileName(file)), SqliteOpenMode.ReadWrite), copy)
            : new OriginalSqliteFile(file, Connect(file, SqliteOpenMode.ReadOnly));
    }

    /// <summary>Whether somebody wrote the file although it was read as one that nobody writes: what was read may be of two times.</summary>
    public bool WasChanged() => _asOpened is { } stamp && stamp != Stamp.Of(_file);

    public void Dispose()
    {
        Connection.Dispose();
        if (_copy is not null)
        {
            Directory.Delete(_copy, recursive: true);
        }
    }

    private static SqliteConnection Connect(string source, SqliteOpenMode mode) =>
        new(new SqliteConnectionStringBuilder { DataSource = source, Mode = mode, Pooling = false }.ToString());

    // Without a log and without locks.
    private static string Unlocked(string file)
    {
        var path = Uri.EscapeDataString(file.Replace('\\', '/')).Replace("%2F", "/", StringComparison.Ordinal);
        return $"file://{(path.StartsWith('/') ? "" : "/")}{path}?immutable=1";
    }

    private static bool HasLogFormat(string file)
    {
        using var stream = OpenRead(file);
        var header = new byte[FormatsAt + 2];
        return stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length && header.AsSpan(FormatsAt).Contains(WithLog);
    }

    /// <summary>A folder with a copy of the database and its logs that are of one time; null when others write all the while.</summary>
    private static string? TryCopy(string file, Action? copied)
    {
        var folder = Directory.CreateTempSubdirectory("dashstream-import-").FullName;
        var isWhole = false;
        try
        {
            for (var attempt = 0; attempt < Attempts && !isWhole; attempt++)
            {
                var before = StampsOf(file);
                isWhole = TryCopy(file, folder);
                copied?.Invoke();
                isWhole = isWhole && StampsOf(file).SequenceEqual(before);
            }
        }
        finally
        {
            if (!isWhole)
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return isWhole ? folder : null;
    }

    private static bool TryCopy(string file, string folder)
    {
        foreach (var suffix in Logs.Prepend(""))
        {
            var target = Path.Combine(folder, Path.GetFileName(file) + suffix);
            File.Delete(target);
            if (!File.Exists(file + suffix))
            {
                continue;
            }

            try
            {
                using var from = OpenRead(file + suffix);
                using var to = File.Create(target);
                from.CopyTo(to);
            }
            catch (FileNotFoundException)
            {
                // Its writer has just closed it.
                return false;
            }
        }

        return true;
    }

    private static FileStream OpenRead(string file) => new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static List<Stamp> StampsOf(string file) => [.. Logs.Prepend("").Select(suffix => Stamp.Of(file + suffix))];

    private readonly record struct Stamp(bool Exists, long Length, DateTime Written)
    {
        public static Stamp Of(string file)
        {
            var info = new FileInfo(file);
            return info.Exists ? new Stamp(true, info.Length, info.LastWriteTimeUtc) : default;
        }
    }
}
