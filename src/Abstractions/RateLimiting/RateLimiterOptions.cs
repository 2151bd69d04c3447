namespace DashStream;

/// <summary>Settings of a <see cref="TokenBucketRateLimiter"/>. Read once, when it is made.</summary>
public sealed class RateLimiterOptions
{
    /// <summary>The limit of tenants that have none of their own. Default 100 per second, 1,000 at once.</summary>
    public RateLimit Default { get; set; } = new();

    /// <summary>Limits of single tenants, by tenant id (compared exactly). Empty by default.</summary>
    public Dictionary<string, RateLimit> Tenants { get; set; } = new(StringComparer.Ordinal);

    /// <summary>
    /// How many tenants are remembered at once. Beyond it a tenth is forgotten, those with nothing to remember (a full bucket) first, then the least recently
    /// used; whoever was forgotten starts with a full bucket again. Tenants with sends waiting are never forgotten. Default 10,000; at least 1.
    /// </summary>
    public int MaxTenants { get; set; } = 10_000;

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (MaxTenants < 1)
        {
            yield return $"{nameof(MaxTenants)} is {MaxTenants}; the least is 1";
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
}
