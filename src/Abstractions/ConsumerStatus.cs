namespace DashStream;

/// <summary>What a consumer is busy with at one moment: for health checks and dashboards.</summary>
public sealed record ConsumerStatus
{
    /// <summary>Records taken in and not done.</summary>
    public required long InFlight { get; init; }

    /// <summary>Records done since the consumer was opened.</summary>
    public required long Finished { get; init; }

    /// <summary>Messages that failed and wait to be tried again.</summary>
    public required int WaitingForRetry { get; init; }

    /// <summary>Messages that failed for good and whose dead letters are not stored yet: the commit of their partitions stands.</summary>
    public required int UnstoredDeadLetters { get; init; }

    /// <summary>Why the last attempt to store a dead letter failed; null when it did not.</summary>
    public required Exception? DeadLetterError { get; init; }

    /// <summary>Partitions that are paused because too much lies between their watermark and their newest record.</summary>
    public required IReadOnlyList<int> HeldPartitions { get; init; }

    /// <summary>Partitions that <see cref="DashStreamConsumer.Pause"/> paused.</summary>
    public required IReadOnlyList<int> PausedPartitions { get; init; }

    /// <summary>Threads that stand still because of <see cref="GapPolicy.HaltThread"/>.</summary>
    public required IReadOnlyList<HaltedThread> HaltedThreads { get; init; }

    /// <summary>What ended the run; null while it goes on, or when it was stopped.</summary>
    public required Exception? Failure { get; init; }
}
