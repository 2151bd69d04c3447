namespace DashStream;

/// <summary>How dead letters are written and stored. Read once, when the sink is made.</summary>
public sealed class DeadLetterOptions
{
    /// <summary>The topic of all letters. Default null: the source topic's name and <c>.dlq</c>.</summary>
    public string? Topic { get; set; }

    /// <summary>Whether a missing topic is created. Default true; false leaves it to the provider's own rule.</summary>
    public bool CreateTopic { get; set; } = true;

    /// <summary>Partitions of a topic that is created. Default 1; 1 to 1,024.</summary>
    public int Partitions { get; set; } = 1;

    /// <summary>Letters that are stored at once; further ones wait. Default 100; 1 to 10,000.</summary>
    public int MaxInFlight { get; set; } = 100;

    /// <summary>How often storing one letter is tried. Default 3 attempts, 100 ms to 5 s apart.</summary>
    public RetryPolicy Retry { get; set; } = new();

    /// <summary>Deadline of one attempt. Default 5 s; more than zero, at most 10 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Most characters of the error's text. Default 4,096; 64 to 65,536. What is longer is cut and says so.</summary>
    public int MaxErrorLength { get; set; } = 4096;

    /// <summary>
    /// How many dead letters may lie in one another. Default 1: a letter whose own reader fails is not wrapped again, it stays where it is and the reader goes on.
    /// 1 to 10.
    /// </summary>
    public int MaxHops { get; set; } = 1;

    /// <summary>Takes secrets out of error texts before they are written. Default null: texts stay as they are. When it throws, the text is withheld.</summary>
    public Func<string, string>? Scrub { get; set; }

    /// <summary>Where letters wait while the provider is away. Default: nowhere, storing fails. Used by <c>UseDeadLetters</c>.</summary>
    public DeadLetterSpoolOptions Spool { get; set; } = new();

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (Topic is not null && TopicFault(Topic) is { } fault)
        {
            yield return $"{nameof(Topic)}: {fault}";
        }

        if (Partitions is < 1 or > TopicSpec.MaxPartitions)
        {
            yield return $"{nameof(Partitions)} is {Partitions}; allowed are 1 to {TopicSpec.MaxPartitions}";
        }

        if (MaxInFlight is < 1 or > 10_000)
        {
            yield return $"{nameof(MaxInFlight)} is {MaxInFlight}; allowed are 1 to 10,000";
        }

        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromMinutes(10))
        {
            yield return $"{nameof(Timeout)} is {Timeout}; allowed are more than zero to 10 min";
        }

        if (MaxErrorLength is < 64 or > 65_536)
        {
            yield return $"{nameof(MaxErrorLength)} is {MaxErrorLength}; allowed are 64 to 65,536";
        }

        if (MaxHops is < 1 or > 10)
        {
            yield return $"{nameof(MaxHops)} is {MaxHops}; allowed are 1 to 10";
        }

        foreach (var retry in Retry.Faults())
        {
            yield return $"{nameof(Retry)}: {retry}";
        }

        foreach (var spool in Spool.Faults())
        {
            yield return $"{nameof(Spool)}: {spool}";
        }
    }

    private static string? TopicFault(string topic)
    {
        try
        {
            StreamNames.ThrowIfInvalidTopic(topic);
            return null;
        }
        catch (StreamException e)
        {
            return e.Message.TrimEnd('.');
        }
    }
}
