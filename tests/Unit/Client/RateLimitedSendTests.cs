using DashStream.Protocol;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class RateLimitedSendTests
{
    private readonly RecordingProvider _provider = new();
    private readonly MessageCodec _codec = new();
    private readonly ManualTime _time = new();

    [TestMethod]
    public async Task A_throttled_message_leaves_no_gap_and_the_limit_is_named()
    {
        await using var producer = await OpenAsync(Limiter(rate: 0, burst: 2));
        await producer.SendAsync(Chunk("t"));
        await producer.SendAsync(Chunk("t"));

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t")).AsTask());

        Assert.AreEqual(StreamErrorKind.Throttled, error.Kind);
        StringAssert.Contains(error.Message, "tenant 'default'");
        Assert.HasCount(2, _provider.Records);
    }

    [TestMethod]
    public async Task Numbers_go_on_without_a_gap_after_a_throttled_message()
    {
        var limiter = Limiter(rate: 0, burst: 1);
        await using var producer = await OpenAsync(limiter);
        await producer.SendAsync(Chunk("t"));
        await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t")).AsTask());

        limiter.SetLimit("default", new RateLimit());
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.AreEqual(2ul, (await producer.SendAsync(Chunk("t"))).Sequence);
    }

    [TestMethod]
    public async Task Sends_that_wait_for_permits_keep_the_order_of_the_calls()
    {
        await using var producer = await OpenAsync(Limiter(rate: 100, burst: 5));

        var sends = Enumerable.Range(1, 50).Select(i => producer.SendAsync(Chunk("t", $"{i}")).AsTask()).ToArray();
        await _time.AdvanceUntilAsync(() => sends.All(send => send.IsCompleted), TimeSpan.FromMilliseconds(50));

        CollectionAssert.AreEqual(Enumerable.Range(1, 50).Select(i => $"{i}").ToArray(), Texts());
        CollectionAssert.AreEqual(Enumerable.Range(1, 50).Select(i => (ulong)i).ToArray(), sends.Select(send => send.Result.Sequence).ToArray());
    }

    [TestMethod]
    public async Task A_send_that_gives_up_lets_those_behind_it_go_on_in_order()
    {
        await using var producer = await OpenAsync(Limiter(rate: 1, burst: 1));
        using var cancel = new CancellationTokenSource();
        await producer.SendAsync(Chunk("t", "first"));
        var given = producer.SendAsync(Chunk("t", "given up"), cancel.Token).AsTask();
        var next = Enumerable.Range(0, 3).Select(i => producer.SendAsync(Chunk("t", $"{i}")).AsTask()).ToArray();

        await cancel.CancelAsync();
        await _time.AdvanceUntilAsync(() => next.All(send => send.IsCompleted), TimeSpan.FromMilliseconds(500));

        await Assert.ThrowsAsync<OperationCanceledException>(() => given);
        CollectionAssert.AreEqual(new[] { "first", "0", "1", "2" }, Texts());
        Assert.AreEqual(4ul, next[2].Result.Sequence);
    }

    [TestMethod]
    public async Task A_tenant_at_its_limit_does_not_hold_up_another()
    {
        await using var producer = await OpenAsync(Limiter(rate: 1, burst: 1));
        await producer.SendAsync(Chunk("t"));
        var held = producer.SendAsync(Chunk("t")).AsTask();

        var other = Chunk("t", "other");
        other.Header.TenantId = "other";
        await producer.SendAsync(other);

        Assert.IsFalse(held.IsCompleted);
        Assert.HasCount(2, _provider.Records);
        _time.Advance(TimeSpan.FromSeconds(2));
        await held;
    }

    [TestMethod]
    public async Task A_batch_costs_as_much_as_it_has_events()
    {
        var limiter = Limiter(rate: 0, burst: 10);
        await using var producer = await OpenAsync(limiter);
        var batch = new EventBatch { Header = new Header { ThreadId = "t" }, Events = { Enumerable.Range(0, 4).Select(_ => new Event()) } };

        await producer.SendAsync(batch);
        await producer.SendAsync(Chunk("t"));

        Assert.AreEqual(5, limiter.AvailableTo("default"));
    }

    [TestMethod]
    public async Task A_batch_above_the_capacity_is_refused_at_once()
    {
        await using var producer = await OpenAsync(Limiter(rate: 10, burst: 3));
        var batch = new EventBatch { Header = new Header { ThreadId = "t" }, Events = { Enumerable.Range(0, 4).Select(_ => new Event()) } };

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(batch).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        StringAssert.Contains(error.Message, "4 events");
    }

    [TestMethod]
    public async Task A_broken_limiter_refuses_by_default_and_recovers_by_itself()
    {
        var broken = true;
        var limiter = new ScriptedLimiter((_, _) => broken ? ValueTask.FromException<bool>(new IOException("server gone")) : new(true));
        await using var producer = await OpenAsync(limiter);

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t")).AsTask());
        broken = false;
        var sent = await producer.SendAsync(Chunk("t"));

        Assert.AreEqual(StreamErrorKind.Transient, error.Kind);
        Assert.IsInstanceOfType<IOException>(error.InnerException);
        Assert.AreEqual(1ul, sent.Sequence);
    }

    [TestMethod]
    public async Task A_broken_limiter_lets_through_when_asked_to()
    {
        var limiter = new ScriptedLimiter(async (_, _) =>
        {
            await Task.Yield();
            throw new IOException("server gone");
        });
        await using var producer = await OpenAsync(limiter, new() { OnRateLimiterFailure = RateLimiterFailure.Open });

        Assert.AreEqual(1ul, (await producer.SendAsync(Chunk("t"))).Sequence);
    }

    [TestMethod]
    public async Task A_limiter_that_answers_late_and_out_of_order_does_not_change_the_order()
    {
        var answers = new List<TaskCompletionSource<bool>>();
        var limiter = new ScriptedLimiter((_, _) =>
        {
            answers.Add(new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
            return new(answers[^1].Task);
        });
        await using var producer = await OpenAsync(limiter);
        var sends = Enumerable.Range(0, 3).Select(i => producer.SendAsync(Chunk("t", $"{i}")).AsTask()).ToArray();

        answers[2].SetResult(true);
        answers[1].SetResult(true);
        answers[0].SetResult(true);
        await Task.WhenAll(sends);

        CollectionAssert.AreEqual(new[] { "0", "1", "2" }, Texts());
    }

    [TestMethod]
    public async Task A_stop_sends_what_gets_its_permits_in_time_and_fails_the_rest()
    {
        await using var producer = await OpenAsync(Limiter(rate: 1, burst: 1));
        await producer.SendAsync(Chunk("t"));
        var soon = producer.SendAsync(Chunk("t")).AsTask();
        var late = producer.SendAsync(Chunk("t")).AsTask();

        var stop = producer.StopAsync(TimeSpan.FromSeconds(1.5)).AsTask();
        await _time.AdvanceUntilAsync(() => stop.IsCompleted, TimeSpan.FromMilliseconds(500));

        Assert.AreEqual(2ul, (await soon).Sequence);
        Assert.AreEqual(StreamErrorKind.Closed, (await Assert.ThrowsAsync<StreamException>(() => late)).Kind);
        Assert.AreEqual(1, (await stop).Pending);
    }

    [TestMethod]
    public async Task A_flush_waits_for_those_who_wait_for_permits()
    {
        await using var producer = await OpenAsync(Limiter(rate: 1, burst: 1));
        await producer.SendAsync(Chunk("t"));
        var waiting = producer.SendAsync(Chunk("t")).AsTask();

        var flush = producer.FlushAsync().AsTask();
        var early = flush.IsCompleted;
        await _time.AdvanceUntilAsync(() => flush.IsCompleted, TimeSpan.FromMilliseconds(500));

        Assert.IsFalse(early);
        Assert.IsTrue(waiting.IsCompletedSuccessfully);
    }

    [TestMethod]
    public async Task No_more_wait_for_permits_than_may_wait()
    {
        await using var producer = await OpenAsync(Limiter(rate: 1, burst: 1), new() { MaxWaitingSends = 1 });
        await producer.SendAsync(Chunk("t"));
        var waiting = producer.SendAsync(Chunk("t")).AsTask();

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t")).AsTask());

        Assert.AreEqual(StreamErrorKind.Throttled, error.Kind);
        StringAssert.Contains(error.Message, "MaxWaitingSends");
        _time.Advance(TimeSpan.FromSeconds(2));
        await waiting;
    }

    [TestMethod]
    public async Task Room_and_permits_share_one_wait()
    {
        await using var producer = await OpenAsync(Limiter(rate: 1, burst: 1), new() { MaxWait = TimeSpan.FromSeconds(3) });
        await producer.SendAsync(Chunk("t"));
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Throttled, "full"));
        var waiting = producer.SendAsync(Chunk("t")).AsTask();

        await _time.AdvanceUntilAsync(() => waiting.IsCompleted, TimeSpan.FromMilliseconds(250));

        Assert.AreEqual(StreamErrorKind.Throttled, (await Assert.ThrowsAsync<StreamException>(() => waiting)).Kind);
        Assert.IsLessThan(3.6, _time.GetElapsedTime(0).TotalSeconds);
    }

    private static TokenChunk Chunk(string thread, string text = "x") => new() { Header = new Header { ThreadId = thread }, Text = text };

    private string[] Texts() => [.. _provider.Records.Select(record => _codec.Decode(record.Value!.Value).TokenChunk.Text)];

    private TokenBucketRateLimiter Limiter(double rate, long burst) =>
        new(new RateLimiterOptions { Default = new RateLimit { MessagesPerSecond = rate, BurstCapacity = burst } }, _time);

    private ValueTask<DashStreamProducer> OpenAsync(IRateLimiter limiter, DashStreamProducerOptions? options = null)
    {
        options ??= new DashStreamProducerOptions();
        options.RateLimiter = limiter;
        return DashStreamProducer.OpenAsync(_provider, "events", options, _time);
    }
}
