using System.Buffers;
using DashStream.Protocol;
using DashStream.Providers;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class ConsumerStopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ScriptedProvider _provider = new();

    [TestMethod]
    public async Task Cancelling_the_run_tells_a_handler_that_does_not_end_and_returns()
    {
        await using var consumer = await OpenAsync(new() { StopTimeout = TimeSpan.FromMilliseconds(50) });
        using var cancel = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var run = consumer.RunAsync(async (_, token) =>
        {
            started.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
        }, cancel.Token);
        Put("a");
        await started.Task.WaitAsync(Patience);

        await cancel.CancelAsync();
        await run.WaitAsync(Patience);

        Assert.IsEmpty(_provider.Commits);
    }

    [TestMethod]
    public async Task Cancelling_the_run_returns_though_a_handler_heeds_nothing()
    {
        await using var consumer = await OpenAsync(new() { StopTimeout = TimeSpan.FromMilliseconds(50) });
        using var cancel = new CancellationTokenSource();
        var never = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        var run = consumer.RunAsync(async (_, _) =>
        {
            started.TrySetResult();
            await never.Task;
        }, cancel.Token);
        Put("a");
        await started.Task.WaitAsync(Patience);

        await cancel.CancelAsync();
        await run.WaitAsync(Patience);

        Assert.AreEqual(1, (await consumer.StopAsync(Patience)).Left);
        never.SetResult();
    }

    [TestMethod]
    public async Task A_failing_handler_ends_the_run_though_another_one_hangs()
    {
        await using var consumer = await OpenAsync(new() { StopTimeout = TimeSpan.FromMilliseconds(50) });
        var never = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        var run = consumer.RunAsync(async (message, _) =>
        {
            if (message.Message.TokenChunk.Header.ThreadId == "hangs")
            {
                started.TrySetResult();
                await never.Task;
            }

            throw new FormatException("bad");
        });
        Put("hangs");
        await started.Task.WaitAsync(Patience);
        Put("fails");

        await Assert.ThrowsExactlyAsync<FormatException>(() => run.WaitAsync(Patience));
        never.SetResult();
    }

    [TestMethod]
    public async Task A_handler_may_stop_its_own_consumer()
    {
        await using var consumer = await OpenAsync(new() { StopTimeout = TimeSpan.FromMilliseconds(50) });
        var run = consumer.RunAsync(async (_, _) => await consumer.StopAsync(TimeSpan.FromMilliseconds(50), CancellationToken.None));
        Put("a");

        await run.WaitAsync(Patience);
    }

    [TestMethod]
    public async Task The_longest_stop_that_can_be_said_is_no_error()
    {
        await using var consumer = await OpenAsync(new() { StopTimeout = TimeSpan.MaxValue });
        var run = consumer.RunAsync((_, _) => ValueTask.CompletedTask);

        Assert.IsTrue((await consumer.StopAsync(TimeSpan.MaxValue).AsTask().WaitAsync(Patience)).Complete);
        await run.WaitAsync(Patience);
    }

    [TestMethod]
    public async Task A_stop_that_the_provider_fails_still_lets_go_of_its_consumer()
    {
        var consumer = await OpenAsync(new());
        _provider.StopError = new StreamException(StreamErrorKind.Transient, "gone");

        await Assert.ThrowsExactlyAsync<StreamException>(() => consumer.DisposeAsync().AsTask());

        Assert.IsTrue(_provider.IsDisposed);
    }

    [TestMethod]
    public async Task Leaving_the_pull_style_early_does_not_hold_up_the_stop()
    {
        await using var provider = new MemoryProvider();
        await using var producer = await DashStreamProducer.OpenAsync(provider, "events");
        await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "a" } });
        var consumer = await DashStreamConsumer.OpenAsync(provider, "events", "group", new() { RevokeTimeout = TimeSpan.FromSeconds(9) });
        await foreach (var _ in consumer.ReadAllAsync())
        {
            break;
        }

        var receipt = await consumer.StopAsync(TimeSpan.FromMinutes(1)).AsTask().WaitAsync(TimeSpan.FromSeconds(5));

        Assert.AreEqual(1, receipt.Left);
        Assert.IsEmpty(receipt.Committed);
    }

    [TestMethod]
    public async Task A_disposed_consumer_commits_nothing_and_refuses_to_seek()
    {
        await using var provider = new MemoryProvider();
        var consumer = await DashStreamConsumer.OpenAsync(provider, "events", "group");
        await consumer.DisposeAsync();

        await consumer.CommitAsync();
        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => consumer.SeekAsync(0, SeekTarget.Beginning).AsTask());

        Assert.AreEqual(StreamErrorKind.Closed, error.Kind);
    }

    private async Task<DashStreamConsumer> OpenAsync(DashStreamConsumerOptions options)
    {
        options.CommitInterval = TimeSpan.FromMilliseconds(5);
        var consumer = await DashStreamConsumer.OpenAsync(_provider, "events", "group", options);
        await _provider.AssignAsync(0);
        return consumer;
    }

    private void Put(string key)
    {
        var buffer = new ArrayBufferWriter<byte>();
        new MessageCodec().Encode(new TokenChunk { Header = new() { ThreadId = key } }, buffer);
        _provider.Put(key, buffer.WrittenSpan.ToArray());
    }
}
