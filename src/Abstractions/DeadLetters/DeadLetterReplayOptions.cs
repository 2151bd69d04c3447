namespace DashStream;

/// <summary>What a replay sends again, where, and how fast.</summary>
public sealed record DeadLetterReplayOptions
{
    /// <summary>Which letters. Default: all.</summary>
    public DeadLetterFilter Filter { get; init; } = new();

    /// <summary>Where to send; null (default) means the provider of the letters. Not owned.</summary>
    public IStreamProvider? Provider { get; init; }

    /// <summary>The topic to send to; null (default) means each letter's source topic.</summary>
    public string? Topic { get; init; }

    /// <summary>Tells what would be sent and sends nothing. Default false.</summary>
    public bool DryRun { get; init; }

    /// <summary>Most messages a second. Default null: no limit. More than zero.</summary>
    public double? MaxPerSecond { get; init; }

    /// <summary>Most messages to send. Default null: all.</summary>
    public long? Limit { get; init; }

    /// <summary>How often one message may be sent again in all, so that one that fails for ever does not go round for ever. Default 3; at least 1.</summary>
    public int MaxReplays { get; init; } = 3;

    /// <summary>Also sends letters whose replay lies in the target topic already. Default false.</summary>
    public bool Again { get; init; }

    /// <summary>Changes the message before it is sent, or returns null to pass it over. Default null: as it was.</summary>
    public Func<StoredDeadLetter, StreamRecord, StreamRecord?>? Edit { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxReplays, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Limit ?? 0);
        if (MaxPerSecond is { } rate)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rate);
        }

        if (Topic is not null)
        {
            StreamNames.ThrowIfInvalidTopic(Topic);
        }
    }
}
