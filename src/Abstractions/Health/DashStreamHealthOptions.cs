namespace DashStream;

/// <summary>Settings of a stream's health checks.</summary>
public sealed class DashStreamHealthOptions
{
    /// <summary>How long handlers may finish nothing while there is work before the stream counts as standing still. Default 1 min; more than zero.</summary>
    public TimeSpan NoProgressAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the ready check waits for the backend before it counts as gone. Default 5 s; more than zero, at most 1 min.</summary>
    public TimeSpan ReadyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the live check waits for the provider's own word; without it the last one counts, so a slow backend never makes a process look dead. Default 250 ms;
    /// more than zero, at most 1 min.
    /// </summary>
    public TimeSpan LiveTimeout { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (NoProgressAfter <= TimeSpan.Zero)
        {
            yield return $"{nameof(NoProgressAfter)} is {NoProgressAfter}; it must be more than zero";
        }

        if (ReadyTimeout <= TimeSpan.Zero || ReadyTimeout > TimeSpan.FromMinutes(1))
        {
            yield return $"{nameof(ReadyTimeout)} is {ReadyTimeout}; allowed are more than zero to 1 min";
        }

        if (LiveTimeout <= TimeSpan.Zero || LiveTimeout > TimeSpan.FromMinutes(1))
        {
            yield return $"{nameof(LiveTimeout)} is {LiveTimeout}; allowed are more than zero to 1 min";
        }
    }
}
