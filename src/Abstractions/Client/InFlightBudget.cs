namespace DashStream.Client;

/// <summary>Counts what was taken in and is not done; reading waits while it is full. Thread-safe.</summary>
internal sealed class InFlightBudget(int maxRecords, long maxBytes)
{
    // Whoever waits is woken for a good many records: a wake-up for each would cost more than handling them.
    private const int WakeShare = 8;

    private readonly long _wakeRecords = maxRecords - Math.Max(1, maxRecords / WakeShare);
    private readonly long _wakeBytes = maxBytes - Math.Max(1, maxBytes / WakeShare);
    private readonly Lock _gate = new();
    private TaskCompletionSource? _room;
    private long _records;
    private long _bytes;
    private long _finished;
    private long _dropped;

    public long Records => Interlocked.Read(ref _records);

    public long Finished => Interlocked.Read(ref _finished);

    /// <summary>Records that were dropped unfinished, to be delivered again.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public void Add(int records, long bytes)
    {
        lock (_gate)
        {
            _records += records;
            _bytes += bytes;
        }
    }

    public void Remove(long bytes, bool handled)
    {
        lock (_gate)
        {
            _records--;
            _bytes -= bytes;
            _finished += handled ? 1 : 0;
            _dropped += handled ? 0 : 1;
            if (_room is not null && _records <= _wakeRecords && _bytes <= _wakeBytes)
            {
                _room.SetResult();
                _room = null;
            }
        }
    }

    public Task WaitForRoomAsync()
    {
        lock (_gate)
        {
            return HasRoom
                ? Task.CompletedTask
                : (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private bool HasRoom => _records < maxRecords && _bytes < maxBytes;
}
