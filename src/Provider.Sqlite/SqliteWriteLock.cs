namespace DashStream.Providers;

/// <summary>
/// Takes the database's write lock in turn with other processes. SQLite keeps no queue of those who wait and has them look ever more seldom, so that a busy
/// process would starve the rest: here one that waits looks often, and one that has seen others write steps back for a moment between its own transactions.
/// Used by the writer's thread alone.
/// </summary>
internal sealed class SqliteWriteLock(SqliteDatabase database) : IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan StepBack = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan ClosingPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OthersMatterFor = TimeSpan.FromSeconds(1);

    // Never set: its waits are pauses of a thread that has nothing else to do.
    private readonly ManualResetEventSlim _pause = new();
    private volatile bool _isClosing;
    private long _version;
    private long _othersSeen;
    private bool _haveOthersWritten;

    /// <summary>Begins a transaction that writes.</summary>
    /// <exception cref="StreamException">Somebody else held the lock for the whole busy timeout (<see cref="StreamErrorKind.Transient"/>).</exception>
    public void Begin(SqliteSession session)
    {
        if (_haveOthersWritten && TimeProvider.System.GetElapsedTime(_othersSeen) < OthersMatterFor)
        {
            _pause.Wait(StepBack);
        }

        var started = TimeProvider.System.GetTimestamp();
        while (session.TryBegin() is { } busy)
        {
            if (TimeProvider.System.GetElapsedTime(started) >= Patience)
            {
                throw SqliteErrors.Map(busy, database);
            }

            _pause.Wait(LookInterval);
        }

        NoteOthers(session);
    }

    /// <summary>Waits no longer than a disposal may take, from now on. May be called from any thread.</summary>
    public void BeginClosing() => _isClosing = true;

    public void Dispose() => _pause.Dispose();

    private TimeSpan Patience => _isClosing && database.Options.BusyTimeout > ClosingPatience ? ClosingPatience : database.Options.BusyTimeout;

    private void NoteOthers(SqliteSession session)
    {
        // Grows with commits of other connections only.
        var version = session.Number("PRAGMA data_version") ?? 0;
        if (version != _version)
        {
            _haveOthersWritten = _version != 0;
            _othersSeen = TimeProvider.System.GetTimestamp();
            _version = version;
        }
    }
}
