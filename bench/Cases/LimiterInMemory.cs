using System.Diagnostics;

namespace DashStream.Bench.Cases;

/// <summary>What a check of the rate limit in memory costs on one core: with one tenant, and with a thousand in turn.</summary>
internal sealed class LimiterInMemory : IFigureCase
{
    private const int Rounds = 7;
    private const int Checks = 2_000_000;

    public string Name => "limiter/in-memory";

    public string Subject => $"checks that pass at once, per second by one thread, median of {Rounds} rounds of {Checks}";

    public bool IsLong => false;

    public Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Figure> figures = [.. Measure(tenants: 1), .. Measure(tenants: 1000)];
        return Task.FromResult(figures);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static IEnumerable<Figure> Measure(int tenants)
    {
        var limiter = new TokenBucketRateLimiter(new RateLimiterOptions { Default = new RateLimit { MessagesPerSecond = 1e9, BurstCapacity = 1_000_000_000 } });
        string[] names = [.. Enumerable.Range(0, tenants).Select(i => $"tenant-{i}")];
        Round(limiter, names);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var rates = Spread.Of(Enumerable.Range(0, Rounds).Select(_ => Round(limiter, names)).ToArray());
        yield return new Figure($"{tenants} tenants ({rates.Min:0} to {rates.Max:0})", rates.Median, "checks/s");
        yield return new Figure($"{tenants} tenants, allocated", (double)(GC.GetAllocatedBytesForCurrentThread() - allocated) / Rounds / Checks, "B/check");
    }

    private static double Round(TokenBucketRateLimiter limiter, string[] tenants)
    {
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Checks; i++)
        {
            var permit = limiter.AcquireAsync(tenants[i % tenants.Length], 1, TimeSpan.Zero, CancellationToken.None);
            if (!permit.IsCompletedSuccessfully || !permit.Result)
            {
                throw new InvalidOperationException("A check was to pass at once.");
            }
        }

        return Checks / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
