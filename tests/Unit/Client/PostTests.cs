using DashStream.Protocol;
using DashStream.Tests.Telemetry;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class PostTests
{
    private readonly RecordingProvider _provider = new();

    [TestMethod]
    public async Task Posts_and_sends_of_a_thread_keep_the_order_of_the_calls()
    {
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events");

        Assert.IsTrue(producer.Post(Chunk("a")));
        var sent = await producer.SendAsync(Chunk("b"));
        Assert.IsTrue(producer.Post(Chunk("c")));
        var receipt = await producer.FlushAsync();

        Assert.AreEqual(2ul, sent.Sequence);
        Assert.HasCount(3, _provider.Records);
        Assert.AreEqual(0, receipt.Dropped);
    }

    [TestMethod]
    public async Task Posts_beyond_the_bound_are_dropped_counted_and_leave_no_gap()
    {
        var stored = new TaskCompletionSource<StreamPosition>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events", new() { MaxPosted = 1 });
        _provider.Decide = _ => stored.Task;

        Assert.IsTrue(producer.Post(Chunk("a")));
        Assert.IsFalse(producer.Post(Chunk("dropped")));
        _provider.Decide = null;
        stored.SetResult(new StreamPosition(0, 0));
        var receipt = await producer.FlushAsync();

        Assert.AreEqual(1, receipt.Dropped);
        Assert.AreEqual(2ul, (await producer.SendAsync(Chunk("b"))).Sequence);
    }

    [TestMethod]
    public async Task What_is_refused_or_fails_is_counted_and_never_thrown()
    {
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events");
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Timeout, "lost"));

        Assert.IsFalse(producer.Post(new TokenChunk()));
        Assert.IsFalse(producer.Post(Chunk("fails")));
        var receipt = await producer.StopAsync(TimeSpan.FromSeconds(5));

        Assert.AreEqual(2, receipt.Dropped);
        Assert.IsFalse(producer.Post(Chunk("late")));
    }

    [TestMethod]
    public async Task What_fails_by_an_error_that_no_provider_should_throw_is_counted_too_and_typed_for_those_who_await()
    {
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events");
        _provider.Decide = record => DecideAsync(fails: _provider.Records.Count < 2);
        static async Task<StreamPosition> DecideAsync(bool fails)
        {
            await Task.Yield();
            return fails ? throw new InvalidOperationException("a fault of the provider") : default;
        }

        Assert.IsTrue(producer.Post(Chunk("fails")));
        var results = await producer.SendBatchAsync([Chunk("fails as well"), Chunk("stored")]);
        var receipt = await producer.FlushAsync();

        Assert.AreEqual(1, receipt.Dropped);
        Assert.AreEqual(StreamErrorKind.Fatal, (results[0].Error as StreamException)?.Kind);
        Assert.IsInstanceOfType<InvalidOperationException>(results[0].Error!.InnerException);
        Assert.IsTrue(results[1].IsStored);
    }

    [TestMethod]
    public async Task The_oldest_that_still_waits_makes_room_where_the_policy_says_so()
    {
        using var meters = new MeterRecorder();
        await using var producer = await OpenAsync(new() { MaxPosted = 2, PostPolicy = PostPolicy.DropOldest });
        _provider.Decide = Full;

        Assert.IsTrue(producer.Post(Chunk("a")));
        Assert.IsTrue(producer.Post(Chunk("b")));
        Assert.IsTrue(producer.Post(Chunk("c")));
        _provider.Decide = null;
        var receipt = await producer.FlushAsync();

        Assert.AreEqual(1, receipt.Dropped);
        Assert.AreEqual("1:b 2:c", Stored());
        Assert.IsTrue(meters.TagsOf("dashstream_posts_dropped_total").Any(tags => (string?)tags["reason"] == "oldest"));
    }

    [TestMethod]
    public async Task What_was_handed_over_is_not_dropped_for_a_newer_one()
    {
        var stored = new TaskCompletionSource<StreamPosition>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var producer = await OpenAsync(new() { MaxPosted = 2, PostPolicy = PostPolicy.DropOldest });
        _provider.Decide = _ => stored.Task;

        Assert.IsTrue(producer.Post(Chunk("a")));
        Assert.IsTrue(producer.Post(Chunk("b")));
        Assert.IsFalse(producer.Post(Chunk("dropped")));
        _provider.Decide = null;
        stored.SetResult(default);
        var receipt = await producer.FlushAsync();
        Assert.IsTrue(producer.Post(Chunk("c")), "There is room again.");
        await producer.FlushAsync();

        Assert.AreEqual(1, receipt.Dropped);
        Assert.AreEqual("1:a 2:b 3:c", Stored());
    }

    [TestMethod]
    public async Task A_post_that_may_wait_goes_on_as_soon_as_there_is_room()
    {
        var stored = new TaskCompletionSource<StreamPosition>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var producer = await OpenAsync(new() { MaxPosted = 1, PostPolicy = PostPolicy.Wait, MaxPostWait = TimeSpan.FromSeconds(30) });
        _provider.Decide = _ => stored.Task;
        Assert.IsTrue(producer.Post(Chunk("a")));

        var second = Task.Factory.StartNew(() => producer.Post(Chunk("b")), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.IsFalse(second.Wait(TimeSpan.FromMilliseconds(50), CancellationToken.None));
        _provider.Decide = null;
        stored.SetResult(default);

        Assert.IsTrue(await second);
        Assert.AreEqual(0, (await producer.FlushAsync()).Dropped);
        Assert.AreEqual("1:a 2:b", Stored());
    }

    [TestMethod]
    public async Task A_post_that_waited_in_vain_is_dropped()
    {
        var never = new TaskCompletionSource<StreamPosition>();
        await using var producer = await OpenAsync(
            new() { MaxPosted = 1, PostPolicy = PostPolicy.Wait, MaxPostWait = TimeSpan.FromMilliseconds(20), StopTimeout = TimeSpan.Zero });
        _provider.Decide = _ => never.Task;

        Assert.IsTrue(producer.Post(Chunk("a")));
        Assert.IsFalse(producer.Post(Chunk("dropped")));

        Assert.AreEqual(1, (await producer.StopAsync(TimeSpan.Zero)).Dropped);
    }

    [TestMethod]
    public async Task Each_post_is_either_stored_or_counted_as_dropped_whoever_drops_it()
    {
        const int threads = 4;
        const int each = 2_000;
        await using var producer = await OpenAsync(new() { MaxPosted = 5, PostPolicy = PostPolicy.DropOldest });
        var calls = 0;
        _provider.Decide = record => Interlocked.Increment(ref calls) % 3 != 0 ? Full(record) : null;

        await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < each; i++)
            {
                producer.Post(Chunk($"{thread}-{i}"));
            }
        })));
        var receipt = await producer.FlushAsync();

        var kept = _provider.Records.Select(record => new MessageCodec().Decode(record.Value!.Value).TokenChunk).ToList();
        Assert.AreEqual(threads * each, kept.Count + receipt.Dropped);
        CollectionAssert.AreEqual(Enumerable.Range(1, kept.Count).Select(i => (ulong)i).ToArray(), kept.Select(chunk => chunk.Header.Sequence).ToArray());
        Assert.AreEqual(kept.Count, kept.Select(chunk => chunk.Text).Distinct().Count());
    }

    [TestMethod]
    public async Task Settings_of_posts_out_of_range_are_named()
    {
        var error = await Assert.ThrowsAsync<StreamException>(() => OpenAsync(new() { PostPolicy = (PostPolicy)9, MaxPostWait = TimeSpan.Zero, MaxPosted = 0 }).AsTask());

        StringAssert.Contains(error.Message, "PostPolicy is 9; allowed are DropNewest, DropOldest, Wait");
        StringAssert.Contains(error.Message, "MaxPostWait");
        StringAssert.Contains(error.Message, "MaxPosted");
    }

    private static Task<StreamPosition> Full(StreamRecord record) =>
        Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Throttled, "full"));

    private ValueTask<DashStreamProducer> OpenAsync(DashStreamProducerOptions options) => DashStreamProducer.OpenAsync(_provider, "events", options);

    private string Stored() => string.Join(' ', _provider.Records.Select(record => new MessageCodec().Decode(record.Value!.Value).TokenChunk)
        .Select(chunk => $"{chunk.Header.Sequence}:{chunk.Text}"));

    private static TokenChunk Chunk(string text) => new() { Header = new Header { ThreadId = "t" }, Text = text };
}
