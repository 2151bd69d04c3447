namespace DashStream.Faults;

/// <summary>A clock that jumps from timer to timer when it is told to. For one thread.</summary>
internal sealed class VirtualClock : TimeProvider
{
    private static readonly DateTimeOffset Origin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Timers that fall due together fire in the order in which they were set.
    private readonly PriorityQueue<(VirtualTimer Timer, long Setting), (long Due, long Setting)> _armed = new();
    private long _now;
    private long _settings;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => Origin + TimeSpan.FromTicks(_now);

    public override long GetTimestamp() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves on to the next timer and fires it; false when none is set.</summary>
    public bool TryAdvance()
    {
        while (_armed.TryDequeue(out var next, out var at))
        {
            if (next.Timer.Setting == next.Setting)
            {
                _now = Math.Max(_now, at.Due);
                next.Timer.Fire();
                return true;
            }
        }

        return false;
    }

    private sealed class VirtualTimer(VirtualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        /// <summary>The setting that counts; 0 when the timer is not set.</summary>
        public long Setting { get; private set; }

        public void Fire()
        {
            Setting = 0;
            if (_period > TimeSpan.Zero)
            {
                Change(_period, _period);
            }

            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            Setting = 0;
            if (dueTime >= TimeSpan.Zero)
            {
                Setting = ++clock._settings;
                clock._armed.Enqueue((this, Setting), (clock._now + dueTime.Ticks, Setting));
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
