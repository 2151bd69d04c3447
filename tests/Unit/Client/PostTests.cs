using DashStream.Protocol;

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

    private static TokenChunk Chunk(string text) => new() { Header = new Header { ThreadId = "t" }, Text = text };
}
