using System.Buffers;
using System.Collections.Concurrent;
using DashStream.Protocol;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class DashStreamConsumerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ScriptedProvider _provider = new();
    private readonly MessageCodec _codec = new();

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Handled_messages_are_committed_up_to_the_watermark()
    {
        await using var consumer = await OpenAsync();
        var slow = new TaskCompletionSource();
        var handled = new ConcurrentQueue<string>();
        var run = consumer.RunAsync(async (message, _) =>
        {
            if (message.Message.TokenChunk.Text == "slow")
            {
                await slow.Task;
            }

            handled.Enqueue(message.Message.TokenChunk.Text);
        });
        Put("a", "first");
        Put("b", "slow");
        Put("c", "third");

        await UntilAsync(() => handled.Count == 2 && _provider.Commits.Count > 0);
        CollectionAssert.AreEqual(new[] { new StreamPosition(0, 0) }, _provider.Commits.ToArray());

        slow.SetResult();
        await UntilAsync(() => _provider.Commits.Contains(new StreamPosition(0, 2)));
        await consumer.StopAsync(Patience);
        await run;
    }

    [TestMethod]
    public async Task Messages_of_a_key_are_handled_in_order_and_those_of_others_meanwhile()
    {
        await using var consumer = await OpenAsync(new() { MaxConcurrency = 4 });
        var seen = new ConcurrentDictionary<string, List<string>>();
        var running = 0;
        var most = 0;
        var count = 0;
        for (var i = 0; i < 400; i++)
        {
            Put($"k{i % 10}", $"{i}");
        }

        var run = consumer.RunAsync(async (message, _) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref running));
            await Task.Yield();
            seen.GetOrAdd(message.Header!.ThreadId, _ => []).Add(message.Message.TokenChunk.Text);
            Interlocked.Decrement(ref running);
            Interlocked.Increment(ref count);
        });
        await UntilAsync(() => Volatile.Read(ref count) == 400);
        await consumer.StopAsync(Patience);
        await run;

        Assert.IsTrue(seen.All(pair => pair.Value.SequenceEqual(Enumerable.Range(0, 40).Select(i => $"{(i * 10) + int.Parse(pair.Key[1..], null)}"))));
        Assert.IsLessThanOrEqualTo(4, most);
        Assert.AreEqual(new StreamPosition(0, 399), _provider.Commits[^1]);
    }

    [TestMethod]
    public async Task A_failing_handler_ends_the_run_and_its_message_is_not_committed()
    {
        await using var consumer = await OpenAsync();
        Put("a", "good");
        Put("b", "bad");
        Put("b", "after the bad one");
        var handled = new ConcurrentQueue<string>();

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => consumer.RunAsync(async (message, _) =>
        {
            if (message.Message.TokenChunk.Text == "bad")
            {
                await UntilAsync(() => handled.Contains("good"));
                throw new InvalidDataException("no");
            }

            handled.Enqueue(message.Message.TokenChunk.Text);
        }));

        Assert.AreEqual("no", error.Message);
        CollectionAssert.AreEqual(new[] { "good" }, handled.ToArray());
        CollectionAssert.AreEqual(new[] { new StreamPosition(0, 0) }, _provider.Commits.ToArray());
    }

    [TestMethod]
    public async Task The_failure_callback_may_retry_and_then_skip()
    {
        var attempts = new ConcurrentQueue<int>();
        await using var consumer = await OpenAsync(new()
        {
            OnFailure = (failed, _) =>
            {
                attempts.Enqueue(failed.Attempt);
                return new(failed.Attempt < 3 ? FailureAction.Retry : FailureAction.Skip);
            },
        });
        Put("a", "bad");
        var run = consumer.RunAsync((_, _) => throw new InvalidDataException("no"));

        await UntilAsync(() => _provider.Commits.Contains(new StreamPosition(0, 0)));
        await consumer.StopAsync(Patience);
        await run;

        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, attempts.ToArray());
    }

    [TestMethod]
    public async Task Bytes_that_are_no_message_end_the_run_unless_skipped()
    {
        await using var consumer = await OpenAsync();
        _provider.Put("a", [0x77, 1, 2, 3]);

        var error = await Assert.ThrowsAsync<CodecException>(() => consumer.RunAsync((_, _) => ValueTask.CompletedTask));

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
        Assert.IsEmpty(_provider.Commits);
    }

    [TestMethod]
    public async Task A_revoke_waits_for_running_handlers_commits_and_drops_what_is_queued()
    {
        await using var consumer = await OpenAsync();
        var release = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        var handled = new ConcurrentQueue<string>();
        var run = consumer.RunAsync(async (message, _) =>
        {
            started.TrySetResult();
            await release.Task;
            handled.Enqueue(message.Message.TokenChunk.Text);
        });
        Put("a", "1");
        Put("a", "2");
        await started.Task;
        await UntilAsync(() => _provider.Taken == 2);

        var revoke = _provider.RevokeAsync(0);
        var early = revoke.IsCompleted;
        release.SetResult();
        await revoke;

        Assert.IsFalse(early);
        CollectionAssert.AreEqual(new[] { "1" }, handled.ToArray());
        CollectionAssert.AreEqual(new[] { new StreamPosition(0, 0) }, _provider.Commits.ToArray());
        await consumer.StopAsync(Patience);
        await run;
    }

    [TestMethod]
    public async Task What_ends_after_the_partition_was_lost_is_not_committed()
    {
        await using var consumer = await OpenAsync();
        var release = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        var run = consumer.RunAsync(async (_, _) =>
        {
            started.TrySetResult();
            await release.Task;
        });
        Put("a", "1");
        await started.Task;

        await _provider.LoseAsync(0);
        release.SetResult();
        await consumer.StopAsync(Patience);
        await run;

        Assert.IsEmpty(_provider.Commits);
    }

    [TestMethod]
    public async Task A_failed_message_of_a_lost_partition_is_not_tried_again()
    {
        var fail = new TaskCompletionSource();
        var calls = 0;
        await using var consumer = await OpenAsync(new() { OnFailure = (_, _) => new(FailureAction.Retry) });
        var run = consumer.RunAsync(async (_, _) =>
        {
            Interlocked.Increment(ref calls);
            await fail.Task;
        });
        Put("a", "1");
        await UntilAsync(() => calls == 1);

        await _provider.LoseAsync(0);
        fail.SetException(new InvalidOperationException("by plan"));
        await consumer.StopAsync(Patience);
        await run;

        Assert.AreEqual(1, calls);
    }

    [TestMethod]
    public async Task A_stop_is_bounded_though_a_handler_is_not_and_says_what_is_left()
    {
        await using var consumer = await OpenAsync(new() { StopTimeout = TimeSpan.FromMilliseconds(100) });
        var never = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        _ = consumer.RunAsync(async (_, _) =>
        {
            started.TrySetResult();
            await never.Task;
        });
        Put("a", "1");
        Put("a", "2");
        await started.Task;
        await UntilAsync(() => _provider.Taken == 2);

        var receipt = await consumer.StopAsync(TimeSpan.FromMilliseconds(100)).AsTask().WaitAsync(Patience);

        Assert.IsFalse(receipt.Complete);
        Assert.AreEqual(2, receipt.Left);
        Assert.AreSame(receipt, await consumer.StopAsync(Patience));
        never.SetResult();
    }

    [TestMethod]
    public async Task Cancelling_the_run_stops_in_order_and_returns()
    {
        await using var consumer = await OpenAsync();
        using var cancel = new CancellationTokenSource();
        var handled = 0;
        var run = consumer.RunAsync((_, _) =>
        {
            handled++;
            return ValueTask.CompletedTask;
        }, cancel.Token);
        Put("a", "1");
        await UntilAsync(() => handled == 1);

        await cancel.CancelAsync();
        await run.WaitAsync(Patience);

        CollectionAssert.AreEqual(new[] { new StreamPosition(0, 0) }, _provider.Commits.ToArray());
    }

    [TestMethod]
    public async Task A_partition_far_ahead_of_its_watermark_is_held_and_let_go()
    {
        await using var consumer = await OpenAsync(new() { MaxInFlightPerPartition = 10 });
        var release = new TaskCompletionSource();
        var run = consumer.RunAsync(async (message, _) => await (message.Message.TokenChunk.Text == "0" ? release.Task : Task.CompletedTask));
        for (var i = 0; i < 30; i++)
        {
            Put($"k{i}", $"{i}");
        }

        await UntilAsync(() => _provider.Paused.Count == 1);
        release.SetResult();
        await UntilAsync(() => _provider.Paused.Count == 0);
        await consumer.StopAsync(Patience);
        await run;
    }

    [TestMethod]
    public async Task A_transient_read_error_is_retried_and_a_permanent_one_ends_the_run()
    {
        await using var consumer = await OpenAsync();
        _provider.ReadError = new StreamException(StreamErrorKind.Transient, "away");
        var handled = 0;
        var run = consumer.RunAsync((_, _) =>
        {
            handled++;
            return ValueTask.CompletedTask;
        });
        Put("a", "1");
        await UntilAsync(() => handled == 1);

        _provider.ReadError = new StreamException(StreamErrorKind.Unauthorized, "no entry");

        Assert.AreEqual(StreamErrorKind.Unauthorized, (await Assert.ThrowsAsync<StreamException>(() => run)).Kind);
    }

    [TestMethod]
    public async Task A_failed_commit_is_made_up_for()
    {
        await using var consumer = await OpenAsync();
        _provider.CommitError = new StreamException(StreamErrorKind.Transient, "away");
        var run = consumer.RunAsync((_, _) => ValueTask.CompletedTask);
        Put("a", "1");

        await UntilAsync(() => _provider.CommitError is null && _provider.Commits.Count == 1);
        await consumer.StopAsync(Patience);
        await run;
    }

    [TestMethod]
    public async Task The_pull_style_commits_what_was_done_only()
    {
        await using var consumer = await OpenAsync(new() { StopTimeout = TimeSpan.FromMilliseconds(10) });
        for (var i = 0; i < 3; i++)
        {
            Put($"k{i}", $"{i}");
        }

        var pulled = new List<ReceivedMessage>();
        await foreach (var message in consumer.ReadAllAsync(TestContext.CancellationToken))
        {
            pulled.Add(message);
            if (pulled.Count == 3)
            {
                break;
            }
        }

        pulled[0].Done();
        pulled[2].Done();
        pulled[2].Done();
        await consumer.CommitAsync();

        CollectionAssert.AreEqual(new[] { new StreamPosition(0, 0) }, _provider.Commits.ToArray());
    }

    [TestMethod]
    public async Task A_consumer_is_run_once_and_not_after_a_stop()
    {
        await using var consumer = await OpenAsync();
        var run = consumer.RunAsync((_, _) => ValueTask.CompletedTask);

        await Assert.ThrowsAsync<InvalidOperationException>(() => consumer.RunAsync((_, _) => ValueTask.CompletedTask));
        await consumer.StopAsync(Patience);
        await run;

        Assert.AreEqual(StreamErrorKind.Closed,
            (await Assert.ThrowsAsync<StreamException>(() => consumer.RunAsync((_, _) => ValueTask.CompletedTask))).Kind);
    }

    [TestMethod]
    public async Task A_tombstone_is_delivered_with_its_null_value()
    {
        await using var consumer = await OpenAsync();
        _provider.Put("a", null);
        var value = new TaskCompletionSource<bool>();
        var run = consumer.RunAsync((message, _) =>
        {
            value.TrySetResult(message.Record.Value is null && message.Header is null);
            return ValueTask.CompletedTask;
        });

        await Task.WhenAny(run, value.Task).WaitAsync(Patience);
        Assert.IsFalse(run.IsFaulted, run.Exception?.ToString());
        Assert.IsTrue(await value.Task);
        await consumer.StopAsync(Patience);
        await run;
    }

    private async Task<DashStreamConsumer> OpenAsync(DashStreamConsumerOptions? options = null)
    {
        options ??= new();
        options.CommitInterval = TimeSpan.FromMilliseconds(5);
        var consumer = await DashStreamConsumer.OpenAsync(_provider, "events", "group", options);
        await _provider.AssignAsync(0);
        return consumer;
    }

    private void Put(string key, string text)
    {
        var buffer = new ArrayBufferWriter<byte>();
        _codec.Encode(new TokenChunk { Header = new() { ThreadId = key }, Text = text }, buffer);
        _provider.Put(key, buffer.WrittenSpan.ToArray());
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(2, limit.Token);
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
