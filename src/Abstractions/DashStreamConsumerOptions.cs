namespace DashStream;

/// <summary>Settings of a <see cref="DashStreamConsumer"/>. Read once, when it is opened.</summary>
public sealed class DashStreamConsumerOptions
{
    /// <summary>How the topic is read: start, session, batches. The group is the one given to <see cref="DashStreamConsumer.OpenAsync"/>.</summary>
    public StreamConsumerOptions Stream { get; set; } = new();

    /// <summary>How bytes become messages.</summary>
    public MessageCodecOptions Codec { get; set; } = new() { Decoding = FrameDecoding.Compatible, RequireHeader = false };

    /// <summary>Most handlers that run at once, each for another key. Default 64; 1 to 10,000.</summary>
    public int MaxConcurrency { get; set; } = 64;

    /// <summary>Most records taken in and not yet done, in all. Default 20,000; 1 to 10,000,000. Beyond it reading pauses; membership stays.</summary>
    public int MaxInFlight { get; set; } = 20_000;

    /// <summary>Most records of one partition between its watermark and its newest record. Default 10,000; beyond it that partition alone is paused.</summary>
    public int MaxInFlightPerPartition { get; set; } = 10_000;

    /// <summary>Most bytes of records taken in and not yet done. Default 64 MiB; at least 1 KiB.</summary>
    public long MaxInFlightBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How often the watermark is committed. Default 1 s; 1 ms to 1 h. It is also committed on revoke and on stop.</summary>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a revoked partition waits for its running handlers. Default 5 s; less than the session time-out.</summary>
    public TimeSpan RevokeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Deadline of the stop that cancelling <see cref="DashStreamConsumer.RunAsync"/> or disposal does. Default 10 s; zero or more.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often a handler is tried, and after which pauses. Default: 3 attempts, up to 100 ms, then up to 200 ms apart. A message that waits holds no handler's
    /// place; its key stands still, other keys go on. A record that cannot be decoded is not tried again.
    /// </summary>
    public RetryPolicy Retry { get; set; } = new();

    /// <summary>
    /// Where a record goes that cannot be decoded, or whose handler failed for the last time. It counts as done once its letter is stored; storing is tried
    /// again, with the pauses of <see cref="Retry"/>, for as long as it takes, while other keys go on and the commit of its partition stands. Null (default):
    /// the run ends with the error instead, and nothing is skipped.
    /// </summary>
    public IDeadLetterSink? DeadLetters { get; set; }

    /// <summary>
    /// Decides what becomes of a record that cannot be decoded or whose handler failed, in place of <see cref="Retry"/> and <see cref="DeadLetters"/>; called
    /// after each failure, with that key standing still. One that fails itself decides nothing: then it goes on as without it. Default: null.
    /// </summary>
    public Func<FailedDelivery, CancellationToken, ValueTask<FailureAction>>? OnFailure { get; set; }

    /// <summary>What to do about numbers that a thread lacks. Default: <see cref="DashStream.GapPolicy.Warn"/>.</summary>
    public GapPolicy GapPolicy { get; set; } = GapPolicy.Warn;

    /// <summary>Most threads whose numbers are remembered; the least recently used are forgotten first. Default 100,000; 1 to 10,000,000.</summary>
    public int MaxTrackedThreads { get; set; } = 100_000;

    /// <summary>
    /// How many ids of handled messages to remember at least; a message with such an id counts as done without being handled again. 0 (default): none; at most
    /// 100,000,000. After a <see cref="DashStreamConsumer.SeekAsync"/> backwards, what was read before is handled again all the same.
    /// </summary>
    public int DuplicateWindow { get; set; }

    /// <summary>The folder to keep these ids in, so that a restarted process knows them; null (default): memory. See <see cref="FileDuplicateStore"/>.</summary>
    public string? DuplicateFolder { get; set; }

    /// <summary>Where to keep these ids instead, such as a store that several machines share. Default: null.</summary>
    public IDuplicateStore? DuplicateStore { get; set; }

    /// <summary>How batches are gathered for <see cref="DashStreamConsumer.RunBatchesAsync"/>.</summary>
    public BatchOptions Batch { get; set; } = new();

    /// <summary>Hears of ranges that the log no longer held. They are logged as warnings in any case.</summary>
    public Action<StreamGap>? OnGap { get; set; }

    internal DashStreamConsumerOptions Copy()
    {
        var copy = (DashStreamConsumerOptions)MemberwiseClone();
        copy.Stream = Stream.Copy();
        copy.Codec = Codec.Copy();
        copy.Retry = Retry.Copy();
        copy.Batch = Batch.Copy();
        return copy;
    }

    internal async ValueTask<IDuplicateWindow?> OpenDuplicatesAsync(string topic, string? group, CancellationToken cancellationToken)
    {
        if (DuplicateWindow == 0)
        {
            return null;
        }

        var store = DuplicateStore ?? (DuplicateFolder is { } folder ? new FileDuplicateStore(folder) : null);
        return store is null
            ? new Duplicates.MemoryDuplicateWindow(DuplicateWindow)
            : await store.OpenAsync(topic, group, DuplicateWindow, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (MaxConcurrency is < 1 or > 10_000)
        {
            yield return $"{nameof(MaxConcurrency)} is {MaxConcurrency}; allowed are 1 to 10,000";
        }

        if (MaxInFlight is < 1 or > 10_000_000)
        {
            yield return $"{nameof(MaxInFlight)} is {MaxInFlight}; allowed are 1 to 10,000,000";
        }

        if (MaxInFlightPerPartition is < 1 or > 10_000_000)
        {
            yield return $"{nameof(MaxInFlightPerPartition)} is {MaxInFlightPerPartition}; allowed are 1 to 10,000,000";
        }

        if (MaxInFlightBytes < 1024)
        {
            yield return $"{nameof(MaxInFlightBytes)} is {MaxInFlightBytes}; the least is 1 KiB";
        }

        if (!Enum.IsDefined(GapPolicy))
        {
            yield return $"{nameof(GapPolicy)} is {(int)GapPolicy}, which is none of {string.Join(", ", Enum.GetNames<GapPolicy>())}";
        }

        if (MaxTrackedThreads is < 1 or > 10_000_000)
        {
            yield return $"{nameof(MaxTrackedThreads)} is {MaxTrackedThreads}; allowed are 1 to 10,000,000";
        }

        if (DuplicateWindow is < 0 or > 100_000_000)
        {
            yield return $"{nameof(DuplicateWindow)} is {DuplicateWindow}; allowed are 0 to 100,000,000";
        }

        if (CommitInterval < TimeSpan.FromMilliseconds(1) || CommitInterval > TimeSpan.FromHours(1))
        {
            yield return $"{nameof(CommitInterval)} is {CommitInterval}; allowed are 1 ms to 1 h";
        }

        if (RevokeTimeout < TimeSpan.Zero || RevokeTimeout >= Stream.SessionTimeout)
        {
            yield return $"{nameof(RevokeTimeout)} is {RevokeTimeout}; allowed are zero to less than the session time-out ({Stream.SessionTimeout})";
        }

        if (StopTimeout < TimeSpan.Zero)
        {
            yield return $"{nameof(StopTimeout)} is {StopTimeout}; it cannot be negative";
        }

        foreach (var fault in Stream.Faults())
        {
            yield return $"{nameof(Stream)}: {fault}";
        }

        foreach (var fault in Retry.Faults())
        {
            yield return $"{nameof(Retry)}: {fault}";
        }

        foreach (var fault in Batch.Faults())
        {
            yield return $"{nameof(Batch)}: {fault}";
        }

        foreach (var fault in Codec.Errors())
        {
            yield return $"{nameof(Codec)}: {fault.TrimEnd('.')}";
        }
    }
}
