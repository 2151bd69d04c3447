namespace DashStream.Client;

/// <summary>How much of a stop's time is left, in a form that timers take.</summary>
internal readonly struct StopDeadline
{
    // No timer runs much longer than this, and no stop should.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly TimeProvider _time;
    private readonly TimeSpan _deadline;
    private readonly long _start;

    private StopDeadline(TimeSpan deadline, TimeProvider time)
    {
        _deadline = deadline < Longest ? deadline : Longest;
        _time = time;
        _start = time.GetTimestamp();
    }

    /// <summary>Zero when the time is over.</summary>
    public TimeSpan Left => _deadline - _time.GetElapsedTime(_start) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    public static StopDeadline Start(TimeSpan deadline, TimeProvider time) => new(deadline, time);
}
