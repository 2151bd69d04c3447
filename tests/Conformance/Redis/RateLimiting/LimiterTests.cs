using System.Globalization;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>The shared limiter on a server that works.</summary>
[TestClass]
public sealed class LimiterTests
{
    private const string Tenant = "acme";

    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly string _prefix = Limiters.NewPrefix();
    private readonly List<RedisRateLimiter> _limiters = [];
    private RedisServer? _server;
    private RedisSession? _session;

    private RedisSession Session => _session!;

    [TestInitialize]
    public async Task StartAsync()
    {
        _server = await RedisServerFixture.ServerAsync();
        _session = await _server.ConnectAsync();
    }

    [TestCleanup]
    public async Task EndAsync()
    {
        foreach (var limiter in _limiters)
        {
            await limiter.DisposeAsync();
        }

        if (_session is not null)
        {
            await _session.DisposeAsync();
        }
    }

    [TestMethod]
    public async Task A_bucket_starts_full_and_refuses_what_it_lacks_without_taking_anything()
    {
        var limiter = Limiter(rate: 0, burst: 10);

        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 4, TimeSpan.Zero));
        Assert.IsFalse(await limiter.AcquireAsync(Tenant, 7, TimeSpan.Zero));
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 6, TimeSpan.Zero));
        Assert.IsFalse(await limiter.AcquireAsync(Tenant, 1, Timeout.InfiniteTimeSpan));

        Assert.AreEqual(0, await limiter.AvailableToAsync(Tenant));
        Assert.AreEqual(10, await Session.TakenAsync(_prefix, Tenant));
    }

    [TestMethod]
    public async Task Permits_come_back_by_the_servers_clock_and_never_above_the_burst()
    {
        var limiter = Limiter(rate: 1000, burst: 100);
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 100, TimeSpan.Zero));

        await Session.CallAsync("HINCRBY", Limiters.Bucket(_prefix, Tenant), "at", "-50000");
        var soon = await limiter.AvailableToAsync(Tenant);
        await Session.CallAsync("HINCRBY", Limiters.Bucket(_prefix, Tenant), "at", "-3600000000");

        Assert.IsInRange(50, 100, soon);
        Assert.AreEqual(100, await limiter.AvailableToAsync(Tenant));
    }

    [TestMethod]
    public async Task All_who_name_the_same_server_and_prefix_share()
    {
        var (one, other, apart) = (Limiter(0, 10), Limiter(0, 10), Limiters.Make(_server!.Endpoint, Limiters.NewPrefix(), 0, 10));
        _limiters.Add(apart);

        Assert.IsTrue(await one.AcquireAsync(Tenant, 6, TimeSpan.Zero));
        Assert.IsFalse(await other.AcquireAsync(Tenant, 5, TimeSpan.Zero));
        Assert.IsTrue(await other.AcquireAsync(Tenant, 4, TimeSpan.Zero));

        Assert.IsTrue(await apart.AcquireAsync(Tenant, 10, TimeSpan.Zero));
        Assert.IsTrue(await one.AcquireAsync("another", 10, TimeSpan.Zero));
    }

    [TestMethod]
    public async Task No_two_tenants_share_whatever_their_names()
    {
        var limiter = Limiter(rate: 0, burst: 1);
        string[] tenants = ["", "%", "a", "A", "a b", "a%20b", "{a}", "a}:bucket", "}{", "a:bucket", "ä", "\0", "*", "\r\nDEL x", new string('x', 10_000), new string('x', 10_001)];

        foreach (var tenant in tenants)
        {
            Assert.IsTrue(await limiter.AcquireAsync(tenant, 1, TimeSpan.Zero), tenant);
        }

        foreach (var tenant in tenants)
        {
            Assert.IsFalse(await limiter.AcquireAsync(tenant, 1, TimeSpan.Zero), tenant);
        }

        var keys = (await Session.ListAsync("KEYS", $"{_prefix}:limit:{{*}}:bucket")).Cast<string>().ToList();
        Assert.HasCount(tenants.Length, keys);
        Assert.IsTrue(keys.All(static key => key.All(static c => char.IsAsciiLetterOrDigit(c) || ":{}%-_.".Contains(c, StringComparison.Ordinal))));
    }

    [TestMethod]
    public async Task What_can_never_pass_is_refused_at_once_with_both_numbers()
    {
        var limiter = Limiter(rate: 1, burst: 10);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => limiter.AcquireAsync(Tenant, 11, Long).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.Contains("11", error.Message);
        Assert.Contains("10", error.Message);
        Assert.AreEqual(10, await limiter.AvailableToAsync(Tenant));
    }

    [TestMethod]
    public async Task Those_who_wait_are_served_in_the_order_of_their_calls_whoever_they_ask()
    {
        var (one, other) = (Limiter(20, 1), Limiter(20, 1));
        var served = new List<int>();
        Assert.IsTrue(await one.AcquireAsync(Tenant, 1, TimeSpan.Zero));
        await other.AvailableToAsync(Tenant);

        var waiting = new List<Task>();
        for (var i = 0; i < 10; i++)
        {
            waiting.Add(NoteAsync(i, (i % 2 == 0 ? one : other).AcquireAsync(Tenant, 1, Long)));
            var expected = i + 2;
            await Eventually.TrueAsync(async () => await Session.TakenAsync(_prefix, Tenant) == expected, "the promise to be booked");
        }

        await Task.WhenAll(waiting);

        CollectionAssert.AreEqual(Enumerable.Range(0, 10).ToArray(), served);

        async Task NoteAsync(int number, ValueTask<bool> permit)
        {
            Assert.IsTrue(await permit);
            lock (served)
            {
                served.Add(number);
            }
        }
    }

    [TestMethod]
    public async Task A_wait_that_would_be_too_long_is_refused_at_once_and_takes_nothing()
    {
        var limiter = Limiter(rate: 1, burst: 100);
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 100, TimeSpan.Zero));
        var started = TimeProvider.System.GetTimestamp();

        Assert.IsFalse(await limiter.AcquireAsync(Tenant, 50, TimeSpan.FromSeconds(40)));

        Assert.IsLessThan(TimeSpan.FromSeconds(10), TimeProvider.System.GetElapsedTime(started));
        Assert.AreEqual(100, await Session.TakenAsync(_prefix, Tenant));
    }

    [TestMethod]
    public async Task Who_gives_up_waiting_gives_back_what_was_promised()
    {
        var limiter = Limiter(rate: 10, burst: 100);
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 100, TimeSpan.Zero));
        using var patience = new CancellationTokenSource();
        var given = limiter.AcquireAsync(Tenant, 100, Long, patience.Token).AsTask();
        await Eventually.TrueAsync(async () => await Session.TakenAsync(_prefix, Tenant) == 200, "the promise to be booked");

        await patience.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => given);
        await Eventually.TrueAsync(async () => await Session.TakenAsync(_prefix, Tenant) == 100, "the promise to be taken back");
        await Eventually.TrueAsync(() => limiter.Count == 0, "nothing to be remembered");
    }

    [TestMethod]
    public async Task One_tenant_with_many_calls_does_not_hold_up_another()
    {
        const int many = 20_000;
        var limiter = Limiter(rate: 1000, burst: 1000);
        await limiter.AvailableToAsync(Tenant);
        using var end = new CancellationTokenSource();
        var flood = Enumerable.Range(0, many).Select(_ => limiter.AcquireAsync(Tenant, 1, Long, end.Token).AsTask()).ToList();
        var started = TimeProvider.System.GetTimestamp();

        Assert.IsTrue(await limiter.AcquireAsync("quiet", 1, TimeSpan.Zero));
        var took = TimeProvider.System.GetElapsedTime(started);
        var undecided = flood.Count(static call => !call.IsCompleted);
        await end.CancelAsync();

        Assert.IsLessThan(TimeSpan.FromSeconds(1), took);
        Assert.IsGreaterThan(many / 2, undecided);
        await Assert.ThrowsAsync<OperationCanceledException>(() => Task.WhenAll(flood));
    }

    [TestMethod]
    public async Task A_bucket_is_forgotten_when_it_would_be_full_again()
    {
        var (slow, quick) = (Limiter(rate: 10, burst: 100), Limiter(rate: 1e6, burst: 100));

        Assert.IsTrue(await slow.AcquireAsync("slow", 100, TimeSpan.Zero));
        Assert.IsTrue(await quick.AcquireAsync("quick", 100, TimeSpan.Zero));

        Assert.IsInRange(8_000, 11_000, await Session.NumberAsync("PTTL", Limiters.Bucket(_prefix, "slow")));
        await Eventually.TrueAsync(async () => await Session.NumberAsync("EXISTS", Limiters.Bucket(_prefix, "quick")) == 0, "the bucket to be forgotten");
        Assert.AreEqual(100, await quick.AvailableToAsync("quick"));
    }

    [TestMethod]
    public async Task A_tenant_without_a_rate_stays_blocked_once_its_burst_is_spent()
    {
        var limiter = Limiter(rate: 0, burst: 2);

        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 2, TimeSpan.Zero));

        Assert.AreEqual(-1, await Session.NumberAsync("PTTL", Limiters.Bucket(_prefix, Tenant)));
        Assert.IsFalse(await limiter.AcquireAsync(Tenant, 1, Long));
    }

    [TestMethod]
    public async Task A_limit_set_while_running_holds_for_every_process_from_the_next_check_on()
    {
        var (one, other) = (Limiter(0, 10), Limiter(0, 10));
        Assert.IsTrue(await other.AcquireAsync(Tenant, 10, TimeSpan.Zero));

        await one.SetLimitAsync(Tenant, new RateLimit { MessagesPerSecond = 100, BurstCapacity = 50 });
        Assert.IsTrue(await other.AcquireAsync(Tenant, 5, Long));
        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => other.AcquireAsync(Tenant, 51, Long).AsTask());
        await other.SetLimitAsync(Tenant, null);

        Assert.Contains("50", error.Message);
        Assert.AreEqual(0, await Session.NumberAsync("EXISTS", Limiters.Limit(_prefix, Tenant)));
        await Assert.ThrowsExactlyAsync<StreamException>(() => one.AcquireAsync(Tenant, 11, Long).AsTask());
        Assert.IsFalse(await one.AcquireAsync(Tenant, 10, Long));
    }

    [TestMethod]
    public async Task What_came_back_before_a_change_came_back_by_the_old_limit()
    {
        var limiter = Limiter(rate: 1, burst: 1_000_000);
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 1_000_000, TimeSpan.Zero));
        await Session.CallAsync("HINCRBY", Limiters.Bucket(_prefix, Tenant), "at", "-100000000");

        await limiter.SetLimitAsync(Tenant, new RateLimit { MessagesPerSecond = 1000, BurstCapacity = 1_000_000 });

        Assert.IsLessThan(50_000, await limiter.AvailableToAsync(Tenant));
        var held = double.Parse(await Session.TextAsync("HGET", Limiters.Bucket(_prefix, Tenant), "tokens"), CultureInfo.InvariantCulture);
        Assert.IsInRange(100.0, 110.0, held);
    }

    [TestMethod]
    public async Task A_limit_out_of_range_is_refused_and_changes_nothing()
    {
        var limiter = Limiter(rate: 1, burst: 10);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => limiter.SetLimitAsync(Tenant, new RateLimit { MessagesPerSecond = -1 }).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.AreEqual(0, await Session.NumberAsync("EXISTS", Limiters.Limit(_prefix, Tenant)));
    }

    [TestMethod]
    public async Task A_clock_that_goes_back_neither_mints_nor_takes_nor_stops_the_refill()
    {
        var limiter = Limiter(rate: 100, burst: 100_000);
        var bucket = Limiters.Bucket(_prefix, Tenant);
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 99_000, TimeSpan.Zero));

        // The bucket was last used an hour from now: the server's clock went back by one.
        await Session.CallAsync("HINCRBY", bucket, "at", "3600000000");
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero));
        var before = await limiter.AvailableToAsync(Tenant);
        await Session.CallAsync("HINCRBY", bucket, "at", "-900000");
        var after = await limiter.AvailableToAsync(Tenant);

        Assert.IsInRange(999, 1_100, before);
        Assert.IsInRange(1_080, 1_300, after);

        // And forward again.
        await Session.CallAsync("HINCRBY", bucket, "at", "-3600000000");
        Assert.IsInRange(1_080, 1_400, await limiter.AvailableToAsync(Tenant));
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero));

        // What really passes then counts again.
        await Session.CallAsync("HINCRBY", bucket, "at", "-100000000");
        Assert.IsInRange(11_000, 12_000, await limiter.AvailableToAsync(Tenant));
    }

    [TestMethod]
    public async Task A_key_that_is_no_bucket_is_a_typed_error_for_its_tenant_alone()
    {
        var limiter = Limiter(rate: 1, burst: 10);
        await Session.CallAsync("SET", Limiters.Bucket(_prefix, Tenant), "not ours");

        for (var i = 0; i < 5; i++)
        {
            var error = await Assert.ThrowsExactlyAsync<StreamException>(() => limiter.AcquireAsync(Tenant, 1, Long).AsTask());
            Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind);
        }

        Assert.IsTrue(await limiter.AcquireAsync("another", 1, TimeSpan.Zero));
        Assert.AreEqual("not ours", await Session.TextAsync("GET", Limiters.Bucket(_prefix, Tenant)));
    }

    [TestMethod]
    public async Task Scripts_that_the_server_forgot_are_sent_again()
    {
        var limiter = Limiter(rate: 0, burst: 10);
        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero));

        await Session.CallAsync("SCRIPT", "FLUSH");

        Assert.IsTrue(await limiter.AcquireAsync(Tenant, 1, TimeSpan.Zero));
        await limiter.SetLimitAsync(Tenant, null);
        Assert.AreEqual(2, await Session.TakenAsync(_prefix, Tenant));
    }

    [TestMethod]
    public async Task A_disposed_limiter_says_so()
    {
        var limiter = Limiter(rate: 1, burst: 10);
        await limiter.DisposeAsync();
        await limiter.DisposeAsync();

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => limiter.AcquireAsync(Tenant, 1, Long).AsTask());

        Assert.AreEqual(StreamErrorKind.Closed, error.Kind);
    }

    private RedisRateLimiter Limiter(double rate, long burst)
    {
        var limiter = Limiters.Make(_server!.Endpoint, _prefix, rate, burst);
        _limiters.Add(limiter);
        return limiter;
    }
}
