namespace DashStream;

/// <summary>Settings of a <see cref="DashStreamProducer"/>. Read once, when it is opened.</summary>
public sealed class DashStreamProducerOptions
{
    /// <summary>
    /// Key in the <see cref="Exception.Data"/> of a failed send's error under which the error of its dead letter stands, when that could not be stored either.
    /// </summary>
    public const string DeadLetterErrorKey = "dashstream.dead_letter_error";

    /// <summary>Tenant of messages that name none. Default <c>default</c>; not blank.</summary>
    public string TenantId { get; set; } = "default";

    /// <summary>How messages become bytes.</summary>
    public MessageCodecOptions Codec { get; set; } = new();

    /// <summary>
    /// Threads whose numbering is remembered; the least recently used goes first and comes back under a new producer identity. Default 100,000; at least 1.
    /// </summary>
    public int MaxLanes { get; set; } = 100_000;

    /// <summary>Encoded bytes that may be on their way at once; further sends wait in order. Default 32 MiB; at least 1 KiB.</summary>
    public long MaxInFlightBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>Sends that may wait for room at once; one more fails with <see cref="StreamErrorKind.Throttled"/> at once. Default 100,000; at least 0.</summary>
    public int MaxWaitingSends { get; set; } = 100_000;

    /// <summary>How long a send waits for permits and room together before it fails with <see cref="StreamErrorKind.Throttled"/>. Default 30 s; more than
    /// zero, at most 1 h.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a send may take in all: waiting for permits and room, and delivery. A caller is never held longer: while it waits it gets
    /// <see cref="StreamErrorKind.Throttled"/>, from the hand-over on <see cref="StreamErrorKind.Timeout"/>, and the message may still be stored. Default
    /// <see cref="Timeout.InfiniteTimeSpan"/>: <see cref="MaxWait"/> bounds the waiting, the provider's own deadline bounds delivery. Otherwise more than zero,
    /// at most 1 h. Costs a timer a send.
    /// </summary>
    public TimeSpan SendTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>Says how much each tenant may send; null (the default): no limit. Set in code, see <c>UseRateLimiter</c>.</summary>
    public IRateLimiter? RateLimiter { get; set; }

    /// <summary>What happens when the rate limiter cannot decide. Default <see cref="RateLimiterFailure.Closed"/>.</summary>
    public RateLimiterFailure OnRateLimiterFailure { get; set; } = RateLimiterFailure.Closed;

    /// <summary>What is taken out of messages before they are sent; null (the default): nothing, at no cost. See <see cref="RedactionOptions"/>.</summary>
    public RedactionOptions? Redaction { get; set; }

    /// <summary>
    /// Where messages go whose send failed after the hand-over; then their caller gets the error. Null (the default): the caller alone has it. Set in code.
    /// </summary>
    public IDeadLetterSink? DeadLetters { get; set; }

    /// <summary>Dead letters that may be on their way at once; more wait, none is dropped. Default 100; 1 to 10,000.</summary>
    public int MaxDeadLettersInFlight { get; set; } = 100;

    /// <summary>Posted messages that may be undecided at once; what happens beyond that, <see cref="PostPolicy"/> says. Default 10,000; at least 1.</summary>
    public int MaxPosted { get; set; } = 10_000;

    /// <summary>What a post does that finds <see cref="MaxPosted"/> undecided. Default <see cref="DashStream.PostPolicy.DropNewest"/>.</summary>
    public PostPolicy PostPolicy { get; set; } = PostPolicy.DropNewest;

    /// <summary>How long <see cref="DashStream.PostPolicy.Wait"/> blocks a caller at most. Default 1 s; more than zero, at most 1 min.</summary>
    public TimeSpan MaxPostWait { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Deadline of the stop that disposal does. Default 10 s; zero or more.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (string.IsNullOrWhiteSpace(TenantId))
        {
            yield return $"{nameof(TenantId)} is blank";
        }

        if (MaxLanes < 1)
        {
            yield return $"{nameof(MaxLanes)} is {MaxLanes}; the least is 1";
        }

        if (MaxInFlightBytes < 1024)
        {
            yield return $"{nameof(MaxInFlightBytes)} is {MaxInFlightBytes}; the least is 1 KiB";
        }

        if (MaxWaitingSends < 0)
        {
            yield return $"{nameof(MaxWaitingSends)} is {MaxWaitingSends}; it cannot be negative";
        }

        if (MaxWait <= TimeSpan.Zero || MaxWait > TimeSpan.FromHours(1))
        {
            yield return $"{nameof(MaxWait)} is {MaxWait}; allowed are more than zero to 1 h";
        }

        if (SendTimeout != Timeout.InfiniteTimeSpan && (SendTimeout <= TimeSpan.Zero || SendTimeout > TimeSpan.FromHours(1)))
        {
            yield return $"{nameof(SendTimeout)} is {SendTimeout}; allowed are more than zero to 1 h, or -00:00:00.001 for none";
        }

        if (!Enum.IsDefined(OnRateLimiterFailure))
        {
            yield return $"{nameof(OnRateLimiterFailure)} is {OnRateLimiterFailure}; allowed are {nameof(RateLimiterFailure.Closed)} and {nameof(RateLimiterFailure.Open)}";
        }

        if (MaxDeadLettersInFlight is < 1 or > 10_000)
        {
            yield return $"{nameof(MaxDeadLettersInFlight)} is {MaxDeadLettersInFlight}; allowed are 1 to 10,000";
        }

        if (MaxPosted < 1)
        {
            yield return $"{nameof(MaxPosted)} is {MaxPosted}; the least is 1";
        }

        if (!Enum.IsDefined(PostPolicy))
        {
            yield return $"{nameof(PostPolicy)} is {PostPolicy}; allowed are {string.Join(", ", Enum.GetNames<PostPolicy>())}";
        }

        if (MaxPostWait <= TimeSpan.Zero || MaxPostWait > TimeSpan.FromMinutes(1))
        {
            yield return $"{nameof(MaxPostWait)} is {MaxPostWait}; allowed are more than zero to 1 min";
        }

        if (StopTimeout < TimeSpan.Zero)
        {
            yield return $"{nameof(StopTimeout)} is {StopTimeout}; it cannot be negative";
        }

        foreach (var fault in Redaction?.Faults() ?? [])
        {
            yield return $"{nameof(Redaction)}:{fault}";
        }

        foreach (var fault in Codec.Errors())
        {
            yield return $"{nameof(Codec)}: {fault.TrimEnd('.')}";
        }
    }
}
