namespace DashStream.Tests.RateLimiting;

[TestClass]
public sealed class TokenBucketRateLimiterTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private readonly ManualTime _time = new();

    [TestMethod]
    public async Task A_bucket_starts_full_and_refuses_what_it_lacks_without_taking_anything()
    {
        var limiter = Limiter(rate: 1, burst: 5);

        Assert.IsTrue(await limiter.AcquireAsync("t", 3, TimeSpan.Zero));
        Assert.IsFalse(await limiter.AcquireAsync("t", 3, TimeSpan.Zero));

        Assert.AreEqual(2, limiter.AvailableTo("t"));
        Assert.IsTrue(await limiter.AcquireAsync("t", 2, TimeSpan.Zero));
    }

    [TestMethod]
    public async Task Permits_come_back_with_time_and_never_above_the_capacity()
    {
        var limiter = Limiter(rate: 10, burst: 5);
        await limiter.AcquireAsync("t", 5, TimeSpan.Zero);

        _time.Advance(TimeSpan.FromMilliseconds(250));
        var after = limiter.AvailableTo("t");
        _time.Advance(TimeSpan.FromHours(1));

        Assert.AreEqual(2, after);
        Assert.AreEqual(5, limiter.AvailableTo("t"));
    }

    [TestMethod]
    public async Task A_clock_set_back_takes_nothing_away()
    {
        var limiter = Limiter(rate: 1, burst: 5);
        await limiter.AcquireAsync("t", 2, TimeSpan.Zero);

        _time.SetBack(TimeSpan.FromDays(1));

        Assert.AreEqual(3, limiter.AvailableTo("t"));
    }

    [TestMethod]
    public async Task Tenants_do_not_share()
    {
        var limiter = Limiter(rate: 1, burst: 1);

        Assert.IsTrue(await limiter.AcquireAsync("a", 1, TimeSpan.Zero));
        Assert.IsTrue(await limiter.AcquireAsync("b", 1, TimeSpan.Zero));
        Assert.IsFalse(await limiter.AcquireAsync("a", 1, TimeSpan.Zero));
    }

    [TestMethod]
    public async Task What_can_never_pass_is_refused_at_once_with_both_numbers()
    {
        var limiter = Limiter(rate: 100, burst: 8);

        var error = await Assert.ThrowsAsync<StreamException>(() => limiter.AcquireAsync("t", 9, Long).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        StringAssert.Contains(error.Message, "9 events");
        StringAssert.Contains(error.Message, "lets 8 pass");
    }

    [TestMethod]
    public async Task Those_who_wait_are_served_in_order_when_their_permits_are_there()
    {
        var limiter = Limiter(rate: 1, burst: 3);
        await limiter.AcquireAsync("t", 3, Long);
        var large = limiter.AcquireAsync("t", 3, Long).AsTask();
        var small = limiter.AcquireAsync("t", 1, Long).AsTask();

        _time.Advance(TimeSpan.FromSeconds(2.9));
        var early = (large.IsCompleted, small.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        var served = await large;
        var behind = small.IsCompleted;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.AreEqual((false, false), early);
        Assert.IsTrue(served);
        Assert.IsFalse(behind);
        Assert.IsTrue(await small);
    }

    [TestMethod]
    public async Task A_wait_that_would_be_too_long_is_refused_at_once()
    {
        var limiter = Limiter(rate: 1, burst: 2);
        await limiter.AcquireAsync("t", 2, Long);
        var first = limiter.AcquireAsync("t", 2, TimeSpan.FromSeconds(2)).AsTask();

        var second = await limiter.AcquireAsync("t", 1, TimeSpan.FromSeconds(2.5));
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.IsFalse(second);
        Assert.IsTrue(await first);
    }

    [TestMethod]
    public async Task A_cancelled_wait_takes_nothing_and_those_behind_move_up()
    {
        var limiter = Limiter(rate: 1, burst: 4);
        using var cancel = new CancellationTokenSource();
        await limiter.AcquireAsync("t", 4, Long);
        var given = limiter.AcquireAsync("t", 4, Long, cancel.Token).AsTask();
        var behind = limiter.AcquireAsync("t", 1, Long).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1.5));

        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => given);
        Assert.IsTrue(await behind);
    }

    [TestMethod]
    public async Task A_higher_limit_serves_those_who_wait_at_its_own_pace()
    {
        var limiter = Limiter(rate: 0.01, burst: 2);
        await limiter.AcquireAsync("t", 2, Long);
        var waiting = limiter.AcquireAsync("t", 1, Long).AsTask();

        limiter.SetLimit("t", new RateLimit { MessagesPerSecond = 10, BurstCapacity = 2 });
        _time.Advance(TimeSpan.FromMilliseconds(101));

        Assert.IsTrue(await waiting);
        Assert.AreEqual(10, limiter.LimitOf("t").MessagesPerSecond);
    }

    [TestMethod]
    public async Task A_lower_limit_tells_those_at_once_who_would_come_too_late()
    {
        var limiter = Limiter(rate: 10, burst: 10);
        await limiter.AcquireAsync("t", 10, Long);
        var patient = limiter.AcquireAsync("t", 1, Long).AsTask();
        var hurried = limiter.AcquireAsync("t", 1, TimeSpan.FromSeconds(1)).AsTask();
        var large = limiter.AcquireAsync("t", 10, Long).AsTask();

        limiter.SetLimit("t", new RateLimit { MessagesPerSecond = 0.1, BurstCapacity = 5 });

        Assert.IsFalse(await hurried);
        await Assert.ThrowsAsync<StreamException>(() => large);
        Assert.IsFalse(patient.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.IsTrue(await patient);
    }

    [TestMethod]
    public async Task A_default_changed_while_running_holds_for_tenants_without_their_own()
    {
        var limiter = Limiter(rate: 1, burst: 100);
        limiter.SetLimit("own", new RateLimit { MessagesPerSecond = 1, BurstCapacity = 50 });
        await limiter.AcquireAsync("own", 1, Long);
        await limiter.AcquireAsync("other", 1, Long);

        limiter.SetDefaultLimit(new RateLimit { MessagesPerSecond = 1, BurstCapacity = 7 });

        Assert.AreEqual(7, limiter.AvailableTo("other"));
        Assert.AreEqual(49, limiter.AvailableTo("own"));
        limiter.SetLimit("own", null);
        Assert.AreEqual(7, limiter.AvailableTo("own"));
    }

    [TestMethod]
    public async Task Tenants_are_bounded_and_the_least_recently_used_go_first()
    {
        var limiter = new TokenBucketRateLimiter(new() { MaxTenants = 20, Default = new() { MessagesPerSecond = 0, BurstCapacity = 2 } }, _time);
        for (var i = 0; i < 20; i++)
        {
            await limiter.AcquireAsync($"t{i}", 1, TimeSpan.Zero);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        await limiter.AcquireAsync("t0", 1, TimeSpan.Zero);
        await limiter.AcquireAsync("new", 1, TimeSpan.Zero);

        Assert.AreEqual(19, limiter.Count);
        Assert.AreEqual(0, limiter.AvailableTo("t0"));
        Assert.AreEqual(2, limiter.AvailableTo("t1"));
        Assert.AreEqual(2, limiter.AvailableTo("t2"));
        Assert.AreEqual(1, limiter.AvailableTo("t3"));
    }

    [TestMethod]
    public async Task A_tenant_with_nothing_to_remember_is_forgotten_before_one_that_has_spent()
    {
        var limiter = new TokenBucketRateLimiter(new() { MaxTenants = 2, Default = new() { MessagesPerSecond = 1, BurstCapacity = 1000 } }, _time);
        await limiter.AcquireAsync("spent", 1000, TimeSpan.Zero);
        await limiter.AcquireAsync("full again", 1, TimeSpan.Zero);
        _time.Advance(TimeSpan.FromSeconds(10));

        await limiter.AcquireAsync("new", 1, TimeSpan.Zero);

        Assert.AreEqual(10, limiter.AvailableTo("spent"));
    }

    [TestMethod]
    public async Task Who_waits_is_never_forgotten()
    {
        var limiter = new TokenBucketRateLimiter(new() { MaxTenants = 1, Default = new() { MessagesPerSecond = 1, BurstCapacity = 1 } }, _time);
        await limiter.AcquireAsync("a", 1, Long);
        var waiting = limiter.AcquireAsync("a", 1, Long).AsTask();

        await limiter.AcquireAsync("b", 1, Long);
        _time.Advance(TimeSpan.FromSeconds(1.1));

        Assert.IsTrue(await waiting);
    }

    [TestMethod]
    public async Task A_check_that_need_not_wait_allocates_nothing()
    {
        var limiter = Limiter(rate: 1, burst: 1_000_000);
        await limiter.AcquireAsync("t", 1, Long);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Take(limiter);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public async Task Many_threads_never_get_more_than_there_is()
    {
        var limiter = Limiter(rate: 0, burst: 10_000);
        var passed = 0;

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                if (await limiter.AcquireAsync("t", 1, TimeSpan.Zero))
                {
                    Interlocked.Increment(ref passed);
                }
            }
        })));

        Assert.AreEqual(10_000, passed);
    }

    [TestMethod]
    public void Options_out_of_range_are_named_with_their_range()
    {
        var options = new RateLimiterOptions { MaxTenants = 0, Default = new() { MessagesPerSecond = double.NaN }, Tenants = { ["a"] = new() { BurstCapacity = 0 } } };

        var error = Assert.ThrowsExactly<StreamException>(() => new TokenBucketRateLimiter(options));

        StringAssert.Contains(error.Message, "MaxTenants is 0");
        StringAssert.Contains(error.Message, "Default:MessagesPerSecond is NaN");
        StringAssert.Contains(error.Message, "Tenants:a:BurstCapacity is 0");
    }

    private static void Take(TokenBucketRateLimiter limiter)
    {
        var taken = limiter.AcquireAsync("t", 1, Long);
        Assert.IsTrue(taken is { IsCompletedSuccessfully: true, Result: true });
    }

    private TokenBucketRateLimiter Limiter(double rate, long burst) =>
        new(new RateLimiterOptions { Default = new RateLimit { MessagesPerSecond = rate, BurstCapacity = burst } }, _time);
}
