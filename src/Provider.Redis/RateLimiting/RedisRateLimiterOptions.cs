namespace DashStream.Providers;

/// <summary>Settings of a <see cref="RedisRateLimiter"/>. Read once, when it is made.</summary>
public sealed class RedisRateLimiterOptions
{
    private static readonly TimeSpan ShortestCheck = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestCheck = TimeSpan.FromMinutes(1);

    /// <summary>Where the server is and how to be let in.</summary>
    public RedisConnectionOptions Connection { get; } = new();

    /// <summary>
    /// What the names of all our keys begin with, so that several systems share a database without sharing budgets. Default <c>ds</c>; 1 to 64 letters, digits,
    /// <c>.</c>, <c>_</c> or <c>-</c>.
    /// </summary>
    public string KeyPrefix { get; set; } = "ds";

    /// <summary>The limit of tenants that have none of their own. Default 100 per second, 1,000 at once.</summary>
    public RateLimit Default { get; set; } = new();

    /// <summary>
    /// Limits of single tenants, by tenant id (compared exactly). Empty by default. All processes that share a budget must name the same; a limit set with
    /// <see cref="RedisRateLimiter.SetLimitAsync"/> is kept on the server and goes before these.
    /// </summary>
    public Dictionary<string, RateLimit> Tenants { get; set; } = new(StringComparer.Ordinal);

    /// <summary>How long a check may take before the server counts as away, connecting included. Default 2 s; 10 ms to 1 min.</summary>
    public TimeSpan CheckTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        foreach (var fault in Connection.Faults())
        {
            yield return $"{nameof(Connection)}: {fault}";
        }

        if (KeyText.PrefixFault(nameof(KeyPrefix), KeyPrefix) is { } prefixFault)
        {
            yield return prefixFault;
        }

        if (CheckTimeout < ShortestCheck || CheckTimeout > LongestCheck)
        {
            yield return $"{nameof(CheckTimeout)} is {CheckTimeout}; allowed are 10 ms to 1 min";
        }

        foreach (var fault in Default.Faults())
        {
            yield return $"{nameof(Default)}:{fault}";
        }

        foreach (var (tenant, limit) in Tenants)
        {
            foreach (var fault in limit.Faults())
            {
                yield return $"{nameof(Tenants)}:{tenant}:{fault}";
            }
        }
    }

    /// <summary>Throws when <see cref="Faults"/> finds anything.</summary>
    /// <exception cref="StreamException">Values are wrong (<see cref="StreamErrorKind.InvalidRequest"/>); the message names each.</exception>
    public void Validate()
    {
        var faults = string.Join("; ", Faults());
        if (faults.Length > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"{nameof(RedisRateLimiterOptions)}: {faults}.");
        }
    }
}
