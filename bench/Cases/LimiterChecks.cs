using System.Diagnostics;
using DashStream.Bench.Kafka;
using DashStream.Conformance.Redis;
using DashStream.Providers;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace DashStream.Bench.Cases;

/// <summary>What a check of the rate limit costs: in memory by one caller, and shared through a Redis by one caller, by many, and at a modest rate.</summary>
internal sealed class LimiterChecks : IFigureCase
{
    private const int Rounds = 5;
    private const int MemoryChecks = 2_000_000;
    private const int SharedChecks = 100_000;
    private const int AwaitedChecks = 2_000;
    private const int InFlight = 1_000;
    private const int PerSecond = 500;
    private const int PacedChecks = 2_500;
    private const string Tenant = "acme";

    private static readonly RateLimit Plenty = new() { MessagesPerSecond = 1e9, BurstCapacity = 1_000_000_000 };

    private RedisServer? _server;

    public string Name => "limiter/checks";

    public string Subject => $"checks of the rate limit per second that all pass, median of {Rounds} rounds, and milliseconds of one at {PerSecond}/s";

    public bool IsLong => false;

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var inMemory = new TokenBucketRateLimiter(new RateLimiterOptions { Default = Plenty });
        var memory = await RateAsync(MemoryChecks, () => OneCallerAsync(inMemory, MemoryChecks, cancellationToken));
        try
        {
            _server = await RedisServer.FindAsync(cancellationToken);
        }
        catch (AssertInconclusiveException e)
        {
            throw new BenchSkippedException(e.Message);
        }

        var options = new RedisRateLimiterOptions { Default = Plenty, KeyPrefix = $"bench{Guid.NewGuid():N}" };
        options.Connection.Endpoints = _server.Endpoint;
        await using var shared = new RedisRateLimiter(options);
        var many = await RateAsync(SharedChecks, () => Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => OneCallerAsync(shared, SharedChecks / InFlight, cancellationToken))));
        var awaited = await RateAsync(AwaitedChecks, () => OneCallerAsync(shared, AwaitedChecks, cancellationToken));
        var paced = await PacedAsync(shared, cancellationToken);
        return
        [
            Of("in memory, one caller", memory), Of($"shared, {InFlight} callers at once", many), Of("shared, one caller that awaits each", awaited),
            new Figure($"shared, at {PerSecond}/s, p50", paced[paced.Length / 2], "ms"), new Figure($"shared, at {PerSecond}/s, p99", paced[paced.Length * 99 / 100], "ms"),
        ];
    }

    public async ValueTask DisposeAsync() => await (_server?.DisposeAsync() ?? default);

    private static Figure Of(string who, Spread rate) => new($"{who} ({rate.Min:0} to {rate.Max:0})", rate.Median, "checks/s");

    private static async Task<Spread> RateAsync(int checks, Func<Task> run)
    {
        var rates = new List<double>();
        for (var round = 0; round <= Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            await run();
            rates.Add(checks / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        // The first was the warm-up.
        return Spread.Of(rates.Skip(1));
    }

    private static async Task OneCallerAsync(IRateLimiter limiter, int checks, CancellationToken cancellationToken)
    {
        for (var i = 0; i < checks; i++)
        {
            if (!await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero, cancellationToken))
            {
                throw new InvalidOperationException("The limit was to let everything through.");
            }
        }
    }

    private static Task<double[]> PacedAsync(RedisRateLimiter limiter, CancellationToken cancellationToken)
    {
        var pace = new Pace(PerSecond, PacedChecks);
        return pace.RunAsync(index => _ = CheckAsync(index), cancellationToken);

        async Task CheckAsync(int index)
        {
            await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero, cancellationToken);
            pace.Arrived(index);
        }
    }
}
