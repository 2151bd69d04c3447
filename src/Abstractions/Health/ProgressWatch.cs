namespace DashStream.Health;

/// <summary>Tells how long nothing was finished while there was work, as far as the looks at it can tell: never too long. Thread-safe.</summary>
internal sealed class ProgressWatch(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _finished = -1;
    private long? _since;

    public TimeSpan StandingFor(long finished, bool hasWork)
    {
        lock (_gate)
        {
            if (!hasWork)
            {
                _since = null;
            }
            else if (_since is null || finished != _finished)
            {
                _since = time.GetTimestamp();
            }

            _finished = finished;
            return _since is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;
        }
    }
}
