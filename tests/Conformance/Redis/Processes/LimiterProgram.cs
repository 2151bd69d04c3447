using System.Globalization;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>
/// A process that spends a tenant's permits as fast as it gets them, its wall clock off by so much. Says <c>ready</c>, starts on a line, stops on the next and says how
/// many it got.
/// </summary>
internal static class LimiterProgram
{
    private const int Spenders = 8;

    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(50);

    public static async Task<int> RunAsync(string endpoint, string prefix, string tenant, string rate, string burst, string skewSeconds)
    {
        var options = new RedisRateLimiterOptions { KeyPrefix = prefix };
        options.Connection.Endpoints = endpoint;
        options.Tenants[tenant] = new RateLimit
        {
            MessagesPerSecond = double.Parse(rate, CultureInfo.InvariantCulture), BurstCapacity = long.Parse(burst, CultureInfo.InvariantCulture),
        };
        await using var limiter = new RedisRateLimiter(options, new SkewedTime(TimeSpan.FromSeconds(double.Parse(skewSeconds, CultureInfo.InvariantCulture))));
        await limiter.AvailableToAsync(tenant);
        await Console.Out.WriteLineAsync("ready");
        await Console.In.ReadLineAsync();

        using var stop = new CancellationTokenSource();
        var spending = Enumerable.Range(1, Spenders).Select(cost => SpendAsync(limiter, tenant, cost, stop.Token)).ToList();
        await Console.In.ReadLineAsync();
        await stop.CancelAsync();
        await Console.Out.WriteLineAsync((await Task.WhenAll(spending)).Sum().ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private static async Task<long> SpendAsync(RedisRateLimiter limiter, string tenant, int cost, CancellationToken stop)
    {
        long got = 0;
        while (!stop.IsCancellationRequested)
        {
            if (await limiter.AcquireAsync(tenant, cost, Wait, CancellationToken.None))
            {
                got += cost;
            }
        }

        return got;
    }

    private sealed class SkewedTime(TimeSpan skew) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + skew;
    }
}
