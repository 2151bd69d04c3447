using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>Makes limiters, and looks at what they keep on the server.</summary>
internal static class Limiters
{
    /// <summary>A prefix of a test's own.</summary>
    public static string NewPrefix() => $"t{Guid.NewGuid():N}";

    /// <summary>A limiter for one tenant limit, used for all tenants.</summary>
    public static RedisRateLimiter Make(string endpoint, string prefix, double rate, long burst, Action<RedisRateLimiterOptions>? configure = null)
    {
        var options = new RedisRateLimiterOptions { KeyPrefix = prefix, Default = new RateLimit { MessagesPerSecond = rate, BurstCapacity = burst } };
        options.Connection.Endpoints = endpoint;
        configure?.Invoke(options);
        return new RedisRateLimiter(options);
    }

    /// <summary>The permits that the server says were taken since the bucket was full.</summary>
    public static async Task<long> TakenAsync(this RedisSession session, string prefix, string tenant) =>
        long.Parse(await session.TextAsync("HGET", Bucket(prefix, tenant), "taken"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The server's clock in microseconds.</summary>
    public static async Task<long> TimeAsync(this RedisSession session)
    {
        var parts = (await session.ListAsync("TIME")).Select(static part => long.Parse((string)part!, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        return (parts[0] * 1_000_000) + parts[1];
    }

    public static string Bucket(string prefix, string tenant) => $"{prefix}:limit:{{{tenant}}}:bucket";

    public static string Limit(string prefix, string tenant) => $"{prefix}:limit:{{{tenant}}}:rate";
}
