using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>What SQLite's result codes mean to a stream.</summary>
internal static class SqliteErrors
{
    private const int Perm = 3;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int NoMemory = 7;
    private const int ReadOnly = 8;
    private const int Interrupt = 9;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int Protocol = 15;
    private const int TooBig = 18;
    private const int Constraint = 19;
    private const int Authorization = 23;
    private const int NotADatabase = 26;

    private const int ReadOnlyMoved = ReadOnly | (4 << 8);
    private const int SharedMemorySize = InputOutput | (19 << 8);
    private const int CorruptFileSystem = InputOutput | (33 << 8);

    public static StreamException Map(SqliteException error, SqliteDatabase database)
    {
        var (kind, text) = Describe(error, database);
        return new StreamException(kind, $"SQLite database '{database.Path}': {text} (SQLite result {error.SqliteExtendedErrorCode}).", error);
    }

    public static StreamException Missing(SqliteDatabase database, string topic) =>
        new(StreamErrorKind.NotFound, $"Topic '{topic}' does not exist in SQLite database '{database.Path}'.");

    public static StreamException MissingPartition(SqliteDatabase database, string topic, int partition) =>
        new(StreamErrorKind.NotFound, $"Topic '{topic}' in SQLite database '{database.Path}' does not exist or has no partition {partition}.");

    public static StreamException Closed(SqliteDatabase database) =>
        new(StreamErrorKind.Closed, $"The provider of SQLite database '{database.Path}' was disposed.");

    /// <summary>Whether the connection is as good as before; after anything else a new one is opened.</summary>
    public static bool LeavesConnectionUsable(SqliteException error) => error.SqliteErrorCode is Busy or Locked or Full or TooBig or Constraint;

    public static bool IsNotADatabase(SqliteException error) => error.SqliteErrorCode == NotADatabase;

    public static bool IsBusy(SqliteException error) => error.SqliteErrorCode is Busy or Locked;

    private static (StreamErrorKind Kind, string Text) Describe(SqliteException error, SqliteDatabase database) => error.SqliteExtendedErrorCode switch
    {
        ReadOnlyMoved => (StreamErrorKind.Fatal, "the file was moved or deleted while in use; open a new provider"),
        SharedMemorySize => (StreamErrorKind.Full, "there is no room for the shared memory file beside it; free space on the disk"),
        CorruptFileSystem => (StreamErrorKind.Corrupt, "the file system reports damaged data"),
        _ => DescribePrimary(error.SqliteErrorCode, database),
    };

    private static (StreamErrorKind Kind, string Text) DescribePrimary(int code, SqliteDatabase database) => code switch
    {
        Busy or Locked => (StreamErrorKind.Transient,
            $"another process or connection holds its lock, and did for longer than {nameof(SqliteProviderOptions.BusyTimeout)} ({database.Options.BusyTimeout})"),
        Protocol => (StreamErrorKind.Transient, "too many processes fought for its lock; try again"),
        Interrupt => (StreamErrorKind.Transient, "the call was interrupted"),
        InputOutput => (StreamErrorKind.Transient, "reading or writing failed; see the inner exception, and check the disk if it stays"),
        Full => (StreamErrorKind.Full, "the disk is full; free space on it (removing records needs some, too)"),
        CannotOpen when !Directory.Exists(database.Directory) => (StreamErrorKind.NotFound, "its folder does not exist (any more)"),
        CannotOpen => (StreamErrorKind.Unauthorized, "it cannot be opened or created; check the rights on the file and its folder"),
        ReadOnly => (StreamErrorKind.Unauthorized, "it is read-only; check the rights on the file, its folder and the mount"),
        Perm or Authorization => (StreamErrorKind.Unauthorized, "access was refused"),
        NotADatabase => (StreamErrorKind.Incompatible, "the file is not an SQLite database"),
        Corrupt => (StreamErrorKind.Corrupt, "the file is damaged; stop all users and run 'PRAGMA integrity_check' on a copy"),
        Constraint => (StreamErrorKind.Corrupt, "its tables contradict each other"),
        TooBig => (StreamErrorKind.TooLarge, "a record is larger than SQLite stores"),
        NoMemory => (StreamErrorKind.Fatal, "SQLite ran out of memory"),
        _ => (StreamErrorKind.Fatal, "SQLite could not do what was asked; see the inner exception"),
    };
}
