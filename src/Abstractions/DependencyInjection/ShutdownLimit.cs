namespace DashStream;

/// <summary>
/// Whether the host's own limit for its stop is used up, which only hosted services hear of. What the container disposes afterwards shares one moment then, however
/// much of it there is. Thread-safe.
/// </summary>
internal sealed class ShutdownLimit(TimeProvider time)
{
    /// <summary>For a last commit and for leaving the groups; it saves others a session time-out.</summary>
    public static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private long? _passed;

    public bool IsPassed
    {
        get
        {
            lock (_gate)
            {
                return _passed is not null;
            }
        }
    }

    /// <summary>The limit is used up; the first call counts.</summary>
    public void Pass()
    {
        lock (_gate)
        {
            _passed ??= time.GetTimestamp();
        }
    }

    /// <summary>How long a disposal may take that may take so long otherwise.</summary>
    public TimeSpan Within(TimeSpan otherwise)
    {
        lock (_gate)
        {
            if (_passed is not { } passed)
            {
                return otherwise;
            }

            var left = LastMoment - time.GetElapsedTime(passed);
            return left <= TimeSpan.Zero ? TimeSpan.Zero : left < otherwise ? left : otherwise;
        }
    }
}
