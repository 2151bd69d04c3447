namespace DashStream.Client;

/// <summary>How long one send may still wait, and how long it may still take in all. The default value has not started.</summary>
internal readonly struct SendDeadline
{
    private readonly DashStreamProducerOptions? _options;
    private readonly TimeProvider? _time;
    private readonly long _start;

    private SendDeadline(DashStreamProducerOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _start = time.GetTimestamp();
    }

    public bool IsStarted => _time is not null;

    /// <summary>Whether delivery is bounded too; without it the provider's own deadline holds.</summary>
    public bool CoversDelivery => _options is not null && _options.SendTimeout != Timeout.InfiniteTimeSpan;

    /// <summary>What is left for waiting; zero when it is over.</summary>
    public TimeSpan WaitLeft => Until(LongestWait);

    /// <summary>How long a send may wait for permits and room together.</summary>
    public TimeSpan LongestWait => LongestWaitOf(_options!);

    /// <summary>What is left of the whole; zero when it is over.</summary>
    public TimeSpan Left => Until(_options!.SendTimeout);

    public static SendDeadline Start(DashStreamProducerOptions options, TimeProvider time) => new(options, time);

    public static TimeSpan LongestWaitOf(DashStreamProducerOptions options) =>
        options.SendTimeout != Timeout.InfiniteTimeSpan && options.SendTimeout < options.MaxWait ? options.SendTimeout : options.MaxWait;

    private TimeSpan Until(TimeSpan end) => end - _time!.GetElapsedTime(_start) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
}
