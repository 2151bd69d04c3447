using DashStream.Protocol;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class ProducerStopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly RecordingProvider _provider = new();

    [TestMethod]
    public async Task A_stop_stores_what_waits_for_room_if_there_is_time()
    {
        var open = new TaskCompletionSource();
        _provider.Decide = _ => StoreWhen(open.Task);
        var producer = await OpenAsync(new() { MaxInFlightBytes = 1024 });
        var sends = Enumerable.Range(0, 100).Select(_ => producer.SendAsync(Chunk()).AsTask()).ToArray();

        var stop = producer.StopAsync(Patience).AsTask();
        open.SetResult();
        var receipt = await stop.WaitAsync(Patience);

        Assert.HasCount(100, await Task.WhenAll(sends));
        Assert.AreEqual(0, receipt.Pending);
        Assert.AreEqual(StreamErrorKind.Closed, (await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk()).AsTask())).Kind);
    }

    [TestMethod]
    public async Task A_stop_that_runs_out_of_time_fails_whoever_waits_and_counts_them()
    {
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Throttled, "full"));
        var producer = await OpenAsync();
        var sends = Enumerable.Range(0, 3).Select(_ => producer.SendAsync(Chunk()).AsTask()).ToArray();

        var receipt = await producer.StopAsync(TimeSpan.FromMilliseconds(50)).AsTask().WaitAsync(Patience);

        Assert.AreEqual(3, receipt.Pending);
        Assert.AreEqual(receipt, await producer.StopAsync(Patience));
        foreach (var send in sends)
        {
            Assert.AreEqual(StreamErrorKind.Closed, (await Assert.ThrowsAsync<StreamException>(() => send)).Kind);
        }
    }

    [TestMethod]
    public async Task A_flush_does_not_wait_for_sends_that_came_after_it()
    {
        var first = new TaskCompletionSource();
        var second = new TaskCompletionSource();
        var calls = 0;
        _provider.Decide = _ => StoreWhen(++calls switch { <= 2 => first.Task, _ => second.Task });
        await using var producer = await OpenAsync(new() { MaxInFlightBytes = 1024 });
        var sends = Enumerable.Range(0, 2).Select(_ => producer.SendAsync(Chunk(new string('x', 1024))).AsTask()).ToList();

        var flush = producer.FlushAsync().AsTask();
        sends.AddRange(Enumerable.Range(0, 2).Select(_ => producer.SendAsync(Chunk(new string('x', 1024))).AsTask()));
        first.SetResult();
        await flush.WaitAsync(Patience);

        Assert.IsFalse(sends[3].IsCompleted);
        second.SetResult();
        await Task.WhenAll(sends).WaitAsync(Patience);
    }

    [TestMethod]
    public async Task A_provider_that_throws_something_else_fails_its_send_and_not_those_behind_it()
    {
        var calls = 0;
        _provider.Decide = _ => ++calls switch
        {
            1 => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Throttled, "full")),
            2 => throw new IOException("a bug in the provider"),
            _ => null,
        };
        await using var producer = await OpenAsync();

        var first = producer.SendAsync(Chunk()).AsTask();
        var second = producer.SendAsync(Chunk()).AsTask();

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => first.WaitAsync(Patience));
        Assert.AreEqual(StreamErrorKind.Fatal, error.Kind);
        Assert.IsInstanceOfType<IOException>(error.InnerException);
        await second.WaitAsync(Patience);
    }

    private ValueTask<DashStreamProducer> OpenAsync(DashStreamProducerOptions? options = null) => DashStreamProducer.OpenAsync(_provider, "events", options);

    private static async Task<StreamPosition> StoreWhen(Task open)
    {
        await open;
        return new StreamPosition(0, 0);
    }

    private static TokenChunk Chunk(string text = "hi") => new() { Header = new() { ThreadId = "t" }, Text = text };
}
