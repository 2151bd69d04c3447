using DashStream.Protocol;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>The shared limiter when its server is away, hangs, or takes nothing: a producer's two ways to go on, and what a caller is told.</summary>
[TestClass]
public sealed class LimiterOutageTests
{
    private const string Tenant = "acme";

    private static readonly TimeSpan CheckTimeout = TimeSpan.FromMilliseconds(500);

    // For one check that runs into its time limit, on a busy machine.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    private static readonly SharedServer<RedisNode> Shared = new(() => RedisNode.StartAsync(new RedisNodeOptions { ThroughProxy = true }));

    private readonly string _prefix = Limiters.NewPrefix();
    private RedisNode? _node;

    private RedisNode Node => _node!;

    [TestInitialize]
    public async Task StartAsync() => _node = await Shared.StartedAsync();

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    [DataRow(NodeFault.Kill)]
    [DataRow(NodeFault.Suspend)]
    [DataRow(NodeFault.Sleep)]
    [DataRow(NodeFault.Cut)]
    [DataRow(NodeFault.Hang)]
    [DataRow(NodeFault.Fill)]
    [DataRow(NodeFault.MakeReplica)]
    public async Task Closed_refuses_every_send_while_the_server_cannot_decide_and_works_again_by_itself(NodeFault fault)
    {
        await using var limiter = await LimiterAsync();
        await using var provider = new MemoryProvider();
        await using var producer = await OpenAsync(provider, limiter, RateLimiterFailure.Closed);
        await producer.SendAsync(Message());

        await Node.BreakAsync(fault);
        try
        {
            for (var i = 0; i < 4; i++)
            {
                var started = TimeProvider.System.GetTimestamp();
                var error = await Assert.ThrowsExactlyAsync<StreamException>(() => producer.SendAsync(Message()).AsTask());
                Assert.AreEqual(StreamErrorKind.Transient, error.Kind);
                Assert.IsLessThan(Bound, TimeProvider.System.GetElapsedTime(started));
            }
        }
        finally
        {
            await Node.MendAsync(fault);
        }

        await Eventually.TrueAsync(() => StoredAsync(producer), "the limiter to decide again");
        await producer.SendAsync(Message());
    }

    [TestMethod]
    [DataRow(NodeFault.Kill)]
    [DataRow(NodeFault.Suspend)]
    [DataRow(NodeFault.Fill)]
    public async Task Open_lets_every_send_through_while_the_server_cannot_decide_and_counts_it(NodeFault fault)
    {
        using var metrics = new LimiterMetrics();
        await using var limiter = await LimiterAsync(rate: 0, burst: 2);
        await using var provider = new MemoryProvider();
        await using var producer = await OpenAsync(provider, limiter, RateLimiterFailure.Open);
        await producer.SendAsync(Message());

        await Node.BreakAsync(fault);
        try
        {
            for (var i = 0; i < 10; i++)
            {
                await producer.SendAsync(Message());
            }

            Assert.IsGreaterThanOrEqualTo(10, metrics.Of("dashstream_rate_limiter_failures_total", "let_through"));
        }
        finally
        {
            await Node.MendAsync(fault);
        }

        // What went through without a permit took none; then the limit holds again.
        var passed = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await producer.SendAsync(Message());
                    passed++;
                    return false;
                }
                catch (StreamException e) when (e.Kind == StreamErrorKind.Throttled)
                {
                    return true;
                }
            },
            "the limit to hold again");
        Assert.IsGreaterThan(0, passed);
    }

    [TestMethod]
    public async Task A_server_that_is_away_is_not_waited_for_by_every_caller()
    {
        await using var limiter = await LimiterAsync();
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero));
        await Node.SuspendAsync();
        try
        {
            await FailAsync(limiter);
            await FailAsync(limiter);
            var started = TimeProvider.System.GetTimestamp();
            var calls = Enumerable.Range(0, 1000).Select(number => FailAsync(limiter, $"tenant-{number}")).ToList();
            await Task.WhenAll(calls);

            Assert.IsLessThan(Bound, TimeProvider.System.GetElapsedTime(started));
        }
        finally
        {
            await Node.ResumeAsync();
        }

        await Eventually.TrueAsync(() => TakenAsync(limiter), "the limiter to decide again");
    }

    [TestMethod]
    public async Task Failed_calls_and_their_times_are_counted()
    {
        using var metrics = new LimiterMetrics();
        await using var limiter = await LimiterAsync();
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero));
        Assert.IsGreaterThan(0, metrics.Of("dashstream_rate_limiter_redis_latency_ms", "rate_limit_check"));

        await Node.SuspendAsync();
        await FailAsync(limiter);
        await Node.ResumeAsync();
        Assert.IsGreaterThan(0, metrics.Of("dashstream_rate_limiter_redis_errors_total", "rate_limit_check_timeout"));
        await Eventually.TrueAsync(() => TakenAsync(limiter), "the limiter to decide again");

        await Node.CallAsync("SET", Limiters.Bucket(_prefix, "odd"), "no bucket");
        await Assert.ThrowsExactlyAsync<StreamException>(() => limiter.AcquireAsync("odd", 1, TimeSpan.Zero).AsTask());
        Assert.IsGreaterThan(0, metrics.Of("dashstream_rate_limiter_redis_errors_total", "rate_limit_check"));

        await using var nowhere = Limiters.Make($"127.0.0.1:{FreePorts.Next()}", _prefix, 1, 1);
        await FailAsync(nowhere);
        Assert.IsGreaterThan(0, metrics.Of("dashstream_rate_limiter_redis_errors_total", "new_connection"));
    }

    [TestMethod]
    public async Task A_restart_of_the_server_mints_nothing()
    {
        await using var limiter = await LimiterAsync(rate: 0, burst: 10);
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 10, TimeSpan.Zero));

        await Node.KillAsync();
        await Node.StartAgainAsync();

        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    Assert.IsFalse(await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero));
                    return true;
                }
                catch (StreamException e) when (e.IsTransient)
                {
                    return false;
                }
            },
            "the limiter to decide again");
    }

    [TestMethod]
    public async Task Who_is_not_let_in_is_told_so_at_once_and_no_secret_is_in_the_text()
    {
        await using var locked = await RedisNode.StartAsync(new RedisNodeOptions { Password = "open-sesame-71" });
        await using var none = Limiters.Make(locked.Endpoint, _prefix, 1, 1);
        await using var wrong = Limiters.Make(locked.Endpoint, _prefix, 1, 1, options => options.Connection.Password = "guessed-5521");
        await using var right = Limiters.Make(locked.Endpoint, _prefix, 1, 1, options => options.Connection.Password = "open-sesame-71");

        foreach (var limiter in new[] { none, wrong })
        {
            var error = await Assert.ThrowsExactlyAsync<StreamException>(() => limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero).AsTask());
            Assert.AreEqual(StreamErrorKind.Unauthorized, error.Kind, error.ToString());
            Assert.DoesNotContain("guessed-5521", error.ToString());
        }

        Assert.IsTrue(await right.AcquireAsync(Tenant, 1, TimeSpan.Zero));
    }

    [TestMethod]
    public async Task A_login_that_may_touch_nothing_but_its_keys_is_enough()
    {
        const string rules = "-@all +evalsha +eval +hmget +hset +pexpire +persist +del +time +ping +info +config|get +client +echo +cluster";
        await using var narrow = await RedisNode.StartAsync(new RedisNodeOptions { Settings = [$"user default on nopass resetkeys ~{_prefix}:limit:* {rules}"] });
        await using var limiter = Limiters.Make(narrow.Endpoint, _prefix, 1, 10);
        await using var stranger = Limiters.Make(narrow.Endpoint, "other", 1, 10);

        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero));
        await limiter.SetLimitAsync(Tenant, new RateLimit { MessagesPerSecond = 0, BurstCapacity = 5 });
        Assert.IsFalse(await limiter.AcquireAsync(Tenant, 5, Timeout.InfiniteTimeSpan) && await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero));
        await limiter.SetLimitAsync(Tenant, null);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => stranger.AcquireAsync(Tenant, 1, TimeSpan.Zero).AsTask());
        Assert.AreEqual(StreamErrorKind.Unauthorized, error.Kind, error.ToString());
    }

    // Connected already, since a busy machine may need longer for that than a check may take here.
    private async Task<RedisRateLimiter> LimiterAsync(double rate = 1000, long burst = 1000)
    {
        var limiter = Limiters.Make(Node.Endpoint, _prefix, rate, burst, static options => options.CheckTimeout = CheckTimeout);
        await Eventually.TrueAsync(() => DecidesAsync(limiter), "the limiter to be connected");
        return limiter;
    }

    private static async Task<bool> DecidesAsync(RedisRateLimiter limiter)
    {
        try
        {
            return await limiter.AvailableToAsync(Tenant) > 0;
        }
        catch (StreamException e) when (e.IsTransient)
        {
            return false;
        }
    }

    private static ValueTask<DashStreamProducer> OpenAsync(MemoryProvider provider, RedisRateLimiter limiter, RateLimiterFailure onFailure) =>
        DashStreamProducer.OpenAsync(provider, "events", new DashStreamProducerOptions
        {
            TenantId = Tenant, RateLimiter = limiter, OnRateLimiterFailure = onFailure, MaxWait = TimeSpan.FromMilliseconds(100),
        });

    private static DashStreamMessage Message() => new() { TokenChunk = new TokenChunk { Header = new Header { ThreadId = "thread" }, Text = "text" } };

    private static async Task<bool> StoredAsync(DashStreamProducer producer)
    {
        try
        {
            await producer.SendAsync(Message());
            return true;
        }
        catch (StreamException e) when (e.IsTransient)
        {
            return false;
        }
    }

    private static async Task<bool> TakenAsync(RedisRateLimiter limiter)
    {
        try
        {
            return await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero);
        }
        catch (StreamException e) when (e.IsTransient)
        {
            return false;
        }
    }

    private static async Task FailAsync(RedisRateLimiter limiter, string tenant = Tenant)
    {
        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => limiter.AcquireAsync(tenant, 1, TimeSpan.Zero).AsTask());
        Assert.AreEqual(StreamErrorKind.Transient, error.Kind);
    }
}
