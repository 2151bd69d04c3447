namespace DashStream;

/// <summary>How messages are gathered for a handler of batches.</summary>
public sealed class BatchOptions
{
    /// <summary>Most messages of a batch. Default 500; 1 to 100,000. <see cref="DashStreamConsumerOptions.MaxInFlight"/> bounds it too.</summary>
    public int MaxMessages { get; set; } = 500;

    /// <summary>How long the first message of a batch waits for others. Default 100 ms; zero (what is there goes) to 1 min.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Most batches that are handled at once, each with other keys. Default 4; 1 to 1,000.</summary>
    public int MaxConcurrency { get; set; } = 4;

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (MaxMessages is < 1 or > 100_000)
        {
            yield return $"{nameof(MaxMessages)} is {MaxMessages}; allowed are 1 to 100,000";
        }

        if (MaxWait < TimeSpan.Zero || MaxWait > TimeSpan.FromMinutes(1))
        {
            yield return $"{nameof(MaxWait)} is {MaxWait}; allowed are zero to 1 min";
        }

        if (MaxConcurrency is < 1 or > 1000)
        {
            yield return $"{nameof(MaxConcurrency)} is {MaxConcurrency}; allowed are 1 to 1,000";
        }
    }

    internal BatchOptions Copy() => (BatchOptions)MemberwiseClone();
}
