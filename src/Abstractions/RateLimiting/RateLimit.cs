namespace DashStream;

/// <summary>How much a tenant may send: so many events per second on average, and so many at once after a pause.</summary>
public sealed record RateLimit
{
    /// <summary>Permits that come back per second. Default 100; zero or more, finite. Zero blocks the tenant once its burst is spent.</summary>
    public double MessagesPerSecond { get; init; } = 100;

    /// <summary>The most permits that gather while nothing is sent, and with that the largest cost that can pass. Default 1,000; at least 1, or 0 with a rate
    /// of 0 to block the tenant.</summary>
    public long BurstCapacity { get; init; } = 1000;

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (!double.IsFinite(MessagesPerSecond) || MessagesPerSecond < 0)
        {
            yield return FormattableString.Invariant($"{nameof(MessagesPerSecond)} is {MessagesPerSecond}; allowed are finite numbers from 0");
        }

        if (BurstCapacity < 0 || (BurstCapacity == 0 && MessagesPerSecond > 0))
        {
            yield return $"{nameof(BurstCapacity)} is {BurstCapacity}; the least is 1, or 0 together with a {nameof(MessagesPerSecond)} of 0";
        }
    }
}
