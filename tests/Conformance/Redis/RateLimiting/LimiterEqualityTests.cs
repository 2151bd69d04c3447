using System.Globalization;
using DashStream.Providers;
using DashStream.Tests;

namespace DashStream.Conformance.Redis;

/// <summary>
/// The script of the shared limiter and the limiter in memory are the same bucket: random plans, played to both at the same times, get the same grants. The script is given its
/// time instead of asking the server for it.
/// </summary>
[TestClass]
public sealed class LimiterEqualityTests
{
    private const int Steps = 400;
    private const string Tenant = "acme";

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(5)]
    public async Task Checks_that_do_not_wait_are_decided_alike_whatever_limits_come(int seed)
    {
        var random = new Random(seed);
        await using var both = await Both.OpenAsync(Limit(random));
        for (var step = 0; step < Steps; step++)
        {
            both.Advance(Pause(random));
            if (random.Next(20) == 0)
            {
                await both.SetLimitAsync(random.Next(4) == 0 ? null : Limit(random));
            }

            var cost = random.Next(1, 30);
            var (here, shared) = (Decide(both.AskMemoryAsync(cost, TimeSpan.Zero)), await both.AskServerAsync(cost, TimeSpan.Zero));
            Assert.AreEqual(here.ToString(), shared.ToString(), $"seed {seed}, step {step}: a check of {cost}");
            Assert.AreEqual(both.Memory.AvailableTo(Tenant), both.LeftOnServer, $"seed {seed}, step {step}: permits left");
        }
    }

    [TestMethod]
    [DataRow(11)]
    [DataRow(12)]
    [DataRow(13)]
    [DataRow(14)]
    [DataRow(15)]
    public async Task Checks_that_may_wait_are_granted_or_refused_alike_in_the_end(int seed)
    {
        var random = new Random(seed);
        await using var both = await Both.OpenAsync(Limit(random));
        var asked = new List<(Task<bool> Here, Verdict Shared, int Cost)>();
        for (var step = 0; step < Steps; step++)
        {
            both.Advance(Pause(random));
            var (cost, wait) = (random.Next(1, 30), random.Next(3) == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(random.Next(1, 3_000)));
            asked.Add((both.AskMemoryAsync(cost, wait), await both.AskServerAsync(cost, wait), cost));
        }

        both.Advance(TimeSpan.FromHours(1));
        for (var step = 0; step < Steps; step++)
        {
            var (here, shared, cost) = asked[step];
            await ((Task)here.WaitAsync(TimeSpan.FromSeconds(20))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Assert.AreEqual(Decide(here).ToString(), shared.ToString(), $"seed {seed}, step {step}: a check of {cost}");
        }
    }

    // Rates that no pause is a round multiple of: where a permit comes in the very moment of a check, either answer is right.
    private static RateLimit Limit(Random random) => new() { MessagesPerSecond = 0.37 + (random.NextDouble() * 60), BurstCapacity = random.Next(5, 40) };

    private static TimeSpan Pause(Random random) => random.Next(4) == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(random.NextInt64(1, random.Next(10) == 0 ? 5_000_000 : 600_000));

    private static Verdict Decide(Task<bool> asked) =>
        asked.IsFaulted ? Verdict.AboveBurst : asked.IsCompletedSuccessfully && asked.Result ? Verdict.Granted : Verdict.Refused;

    private enum Verdict
    {
        Granted,
        Refused,
        AboveBurst,
    }

    /// <summary>A bucket in memory and one on a server, at the same time.</summary>
    private sealed class Both : IAsyncDisposable
    {
        private readonly ManualTime _time = new();
        private readonly RateLimit _limit;
        private readonly RedisSession _session;
        private readonly string _key = $"equal{Guid.NewGuid():N}";
        private long _microseconds = 1_700_000_000_000_000;

        private Both(RateLimit limit, RedisSession session)
        {
            (_limit, _session) = (limit, session);
            Memory = new TokenBucketRateLimiter(new RateLimiterOptions { Default = limit }, _time);
        }

        public TokenBucketRateLimiter Memory { get; }

        public long LeftOnServer { get; private set; }

        public static async Task<Both> OpenAsync(RateLimit limit) => new(limit, await (await RedisServerFixture.ServerAsync()).ConnectAsync());

        public void Advance(TimeSpan by)
        {
            _time.Advance(by);
            _microseconds += by.Ticks / TimeSpan.TicksPerMicrosecond;
        }

        public Task<bool> AskMemoryAsync(int cost, TimeSpan wait) => Memory.AcquireAsync(Tenant, cost, wait).AsTask();

        public async Task<Verdict> AskServerAsync(int cost, TimeSpan wait)
        {
            var answers = await _session.ListAsync([.. await CommandAsync(LimiterScripts.Take), $"{cost}", $"{wait.Ticks / TimeSpan.TicksPerMicrosecond}"]);
            LeftOnServer = Convert.ToInt64(answers[1], CultureInfo.InvariantCulture);
            return (long)answers[2]! switch
            {
                LimiterScripts.TooLate => Verdict.Refused,
                LimiterScripts.AboveBurst => Verdict.AboveBurst,
                _ => Verdict.Granted,
            };
        }

        public async Task SetLimitAsync(RateLimit? limit)
        {
            Memory.SetLimit(Tenant, limit);
            await _session.CallAsync([.. await CommandAsync(LimiterScripts.SetLimit), limit is null ? "" : Text(limit.MessagesPerSecond), limit is null ? "" : $"{limit.BurstCapacity}"]);
        }

        public async ValueTask DisposeAsync()
        {
            await _session.CallAsync("DEL", _key, $"{_key}:limit", $"{_key}:clock");
            await _session.DisposeAsync();
        }

        // The bucket lives by the plan's time, and must not expire by the server's.
        private async Task<IEnumerable<string>> CommandAsync(RedisScript script)
        {
            var text = Replace(Replace(script.Text, "redis.call('TIME')", "redis.call('LRANGE', KEYS[3], 0, 1)"), "if life < 1e12 then", "if false then");
            await _session.CallAsync("DEL", $"{_key}:clock");
            await _session.CallAsync("RPUSH", $"{_key}:clock", $"{_microseconds / 1_000_000}", $"{_microseconds % 1_000_000}");
            return ["EVAL", text, "3", _key, $"{_key}:limit", $"{_key}:clock", Text(_limit.MessagesPerSecond), $"{_limit.BurstCapacity}"];
        }

        private static string Replace(string text, string old, string by)
        {
            Assert.HasCount(2, text.Split(old), $"The script has '{old}' once.");
            return text.Replace(old, by, StringComparison.Ordinal);
        }

        private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);
    }
}
