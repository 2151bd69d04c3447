using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DashStream.Conformance;

/// <summary>
/// What users of other libraries ask for most, by name: nothing lost or repeated around a rebalance and a shutdown, a stop that ends, poison that neither blocks nor
/// vanishes, health that does not lie.
/// </summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class PeerPainsConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    // A zstd frame that says to be 1 GiB, of blocks that repeat one byte.
    private static readonly byte[] Bomb = [1, 0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0x02, 0, 0x10, 0x0A, 0x03, 0, 0x10, 0x0A];

    private readonly ConcurrentQueue<(string Thread, int Number)> _handled = new();

    [Case]
    [Rule("DS-101", "Around rebalances and shutdowns in good order nothing is lost, nothing comes twice, and threads stay in order")]
    public async Task Nothing_is_lost_or_repeated_around_rebalance_and_shutdown()
    {
        const int partitions = 4;
        const int count = 600;
        var topic = await CreateTopicAsync(partitions);
        var threads = await OneThreadPerPartitionAsync(partitions);
        await using var producer = await DashStreamProducer.OpenAsync(Provider, topic);
        await using var first = await OpenClientAsync(topic);
        var firstRun = first.RunAsync(HandleSlowlyAsync);
        var sending = SendSteadilyAsync(producer, threads, count);
        await HandledAsync(count / 8);

        await using var second = await OpenClientAsync(topic);
        var secondRun = second.RunAsync(HandleSlowlyAsync);
        await Waits.UntilAsync(() => first.Assignment.Count == 2 && second.Assignment.Count == 2, "the members share the partitions");
        await HandledAsync(count / 4);
        await StopAsync(first, firstRun);
        await using var third = await OpenClientAsync(topic);
        var thirdRun = third.RunAsync(HandleSlowlyAsync);
        await Waits.UntilAsync(() => second.Assignment.Count == 2 && third.Assignment.Count == 2, "the members share the partitions again");
        await sending;
        await HandledAsync(count);
        await StopAsync(second, secondRun);
        await StopAsync(third, thirdRun);

        foreach (var thread in threads)
        {
            Assert.AreEqual(
                string.Join(' ', Enumerable.Range(0, count).Where(i => threads[i % partitions] == thread)),
                string.Join(' ', _handled.Where(message => message.Thread == thread).Select(message => message.Number)), $"Thread {thread}.");
        }

        await AssertLeftAsync(topic);
    }

    [Case]
    [Rule("DS-102", "A stop ends in its time whatever hangs (a handler, the storing of a dead letter, a failure rule) and says what is left, which comes again")]
    public async Task A_stop_ends_in_its_time_whatever_hangs()
    {
        var deadline = TimeSpan.FromMilliseconds(300);
        var never = new TaskCompletionSource();
        Action<DashStreamConsumerOptions>[] hangs =
        [
            _ => { },
            options => options.DeadLetters = new HangingSink(never.Task),
            options => options.OnFailure = async (_, _) =>
            {
                await never.Task;
                return FailureAction.Skip;
            },
        ];
        for (var i = 0; i < hangs.Length; i++)
        {
            var topic = await FilledAsync(count: 3, threads: 1);
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var handlerHangs = i == 0;
            await using (var consumer = await OpenClientAsync(topic, options =>
            {
                options.Retry.MaxAttempts = 1;
                options.StopTimeout = deadline;
                hangs[i](options);
            }))
            {
                var run = consumer.RunAsync(async (_, _) =>
                {
                    reached.TrySetResult();
                    await (handlerHangs ? never.Task : Task.FromException(new InvalidDataException("The case makes this message fail.")));
                });
                await Waits.EndsAsync(reached.Task, "the first message reached its handler");
                var started = TimeProvider.System.GetTimestamp();
                var receipt = await Waits.WithinAsync(consumer.StopAsync(deadline).AsTask(), "the stop ended");
                await Waits.EndsAsync(run, "the run ended");
                Assert.IsLessThan((deadline + FaultChecks.StopSlack).TotalSeconds, TimeProvider.System.GetElapsedTime(started).TotalSeconds);
                Assert.AreEqual((false, 0L, 3L), (receipt.Complete, receipt.Finished, receipt.Left), $"Kind {i} of what hangs.");
            }

            await AssertLeftAsync(topic, 0, 1, 2);
        }
    }

    [Case]
    [Rule("DS-103", "Poison of any kind neither blocks nor vanishes: it ends in the dead letters, byte for byte, and everything else is handled in order")]
    [Rule("B8-9", "What is compressed is decoded by any reader, and a decompression bomb is refused before memory is taken")]
    public async Task Poison_neither_blocks_nor_vanishes()
    {
        var topic = await CreateTopicAsync();
        byte[][] poison = [Sample.Bytes("no message at all"), [], [0, 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07], Bomb];
        await Thought.SendAsync(Provider, topic, count: 10, threads: 2);
        await SendAsync(topic, poison.Select(bytes => new StreamRecord(Sample.Bytes("thread-0"), bytes)));
        await SendCompressedAsync(topic, "thread-0", 10, FrameCompression.Zstd);
        await SendCompressedAsync(topic, "thread-1", 11, FrameCompression.Lz4);
        await Thought.SendAsync(Provider, topic, count: 8, threads: 2, from: 12);
        var letters = new LetterBox();
        await using var consumer = await OpenClientAsync(topic, options => options.DeadLetters = letters);

        var run = consumer.RunAsync((message, token) => NumberOf(message) == 3 ? throw new InvalidDataException("Poison.") : HandleAsync(message, token));
        await Waits.UntilAsync(() => consumer.Status.Finished == 20 + poison.Length, "all was done");
        await StopAsync(consumer, run);

        Assert.AreEqual(
            string.Join(' ', poison.Select(Convert.ToHexString).Order()),
            string.Join(' ', letters.Letters.Where(letter => letter.Stage == DeadLetterStage.Decode).Select(letter => Convert.ToHexString(letter.Record.Value!.Value.Span)).Order()));
        Assert.AreEqual(3, Thought.NumberOf(letters.Letters.Single(letter => letter.Stage == DeadLetterStage.Handler).Message!));
        Assert.AreEqual("0 2 4 6 8 10 12 14 16 18", string.Join(' ', _handled.Where(message => message.Thread == "thread-0").Select(message => message.Number)));
        Assert.AreEqual("1 5 7 9 11 13 15 17 19", string.Join(' ', _handled.Where(message => message.Thread == "thread-1").Select(message => message.Number)));
        await AssertLeftAsync(topic);
    }

    [Case]
    [Rule("DS-104", "Without a place for dead letters poison ends the run with its error, nothing is committed past it, and it comes again")]
    public async Task Poison_without_a_place_to_go_ends_the_run_and_stays()
    {
        var topic = await FilledAsync(count: 4, threads: 1);
        await using (var consumer = await OpenClientAsync(topic))
        {
            var run = consumer.RunAsync((message, token) => NumberOf(message) == 2 ? throw new InvalidDataException("Poison.") : HandleAsync(message, token));
            await Waits.EndsAsync(run, "the run ended by itself");
            await Assert.ThrowsExactlyAsync<InvalidDataException>(() => run);
            Assert.IsInstanceOfType<InvalidDataException>(consumer.Status.Failure);
        }

        Assert.AreEqual("0 1", string.Join(' ', _handled.Select(message => message.Number)));
        await AssertLeftAsync(topic, 2, 3);
    }

    [Case]
    [Rule("DS-105", "Health does not lie: it is ready while idle and at work, not ready while the backend is gone, a handler is stuck or letters cannot be stored, and alive throughout")]
    public async Task Health_says_what_is()
    {
        Require(Capabilities.Groups, nameof(Capabilities.Groups));
        var topic = await CreateTopicAsync();
        var backend = new UnreliableSends(Provider);
        var letters = new LetterBox { Refuses = true };
        var stuck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await HandlerHost.StartAsync(backend, topic, ClientGroup, async (message, _) =>
        {
            await (NumberOf(message) switch
            {
                1 => stuck.Task,
                2 => Task.FromException(new InvalidDataException("Poison.")),
                _ => Task.CompletedTask,
            });
        }, options => (options.DeadLetters, options.Retry.MaxAttempts) = (letters, 1));
        await host.UntilAsync(HandlerHost.Ready, HealthStatus.Healthy);

        await Thought.SendAsync(Provider, topic, count: 1, threads: 1);
        await Task.Delay(TimeSpan.FromSeconds(1.5));
        Assert.AreEqual(HealthStatus.Healthy, (await host.CheckAsync(HandlerHost.Ready)).Status, "Nothing to do is no lack of progress.");
        backend.Health = new StreamHealth(Alive: true, Ready: false, "Nobody answers.", []);
        Assert.AreEqual(HealthStatus.Unhealthy, (await host.CheckAsync(HandlerHost.Ready)).Status);
        Assert.AreEqual(HealthStatus.Healthy, (await host.CheckAsync(HandlerHost.Live)).Status, "A restart brings no backend back.");
        backend.Health = null;
        await Thought.SendAsync(Provider, topic, count: 1, threads: 1, from: 1);
        await host.UntilAsync(HandlerHost.Ready, HealthStatus.Unhealthy, "no progress");
        stuck.SetResult();
        await host.UntilAsync(HandlerHost.Ready, HealthStatus.Healthy);
        await Thought.SendAsync(Provider, topic, count: 1, threads: 1, from: 2);
        await host.UntilAsync(HandlerHost.Ready, HealthStatus.Unhealthy, "dead letters cannot be stored");
        Assert.AreEqual(HealthStatus.Healthy, (await host.CheckAsync(HandlerHost.Live)).Status);
        letters.Refuses = false;
        await host.UntilAsync(HandlerHost.Ready, HealthStatus.Healthy);
    }

    [Case]
    [Rule("DS-106", "A handler that ended with an error is neither ready nor alive: only a restart helps")]
    public async Task A_handler_that_ended_is_not_alive()
    {
        Require(Capabilities.Groups, nameof(Capabilities.Groups));
        var topic = await FilledAsync(count: 1, threads: 1);

        await using var host = await HandlerHost.StartAsync(
            new UnreliableSends(Provider), topic, ClientGroup, (_, _) => throw new InvalidDataException("secret"), options => options.Retry.MaxAttempts = 1);

        await host.UntilAsync(HandlerHost.Live, HealthStatus.Unhealthy, nameof(InvalidDataException));
        await host.UntilAsync(HandlerHost.Ready, HealthStatus.Unhealthy);
        Assert.IsFalse((await host.CheckAsync(HandlerHost.Live)).Description!.Contains("secret", StringComparison.Ordinal), "Health is read by anybody.");
    }

    private static int NumberOf(ReceivedMessage message) => int.Parse(message.Message.TokenChunk.Text.TrimEnd(), null);

    private static async Task SendSteadilyAsync(DashStreamProducer producer, IReadOnlyList<string> threads, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await producer.SendAsync(Thought.Of(threads[i % threads.Count], i));
        }
    }

    private async Task SendCompressedAsync(string topic, string thread, int number, FrameCompression compression)
    {
        var options = new DashStreamProducerOptions();
        (options.Codec.Compression, options.Codec.CompressionThresholdBytes) = (compression, 1);
        await using var producer = await DashStreamProducer.OpenAsync(Provider, topic, options);
        var message = Thought.Of(thread, number);
        message.TokenChunk.Text += new string(' ', 2000);
        await producer.SendAsync(message);
    }

    // Names of threads that lie in partitions of their own, in any topic of so many.
    private async Task<IReadOnlyList<string>> OneThreadPerPartitionAsync(int partitions)
    {
        var probes = await CreateTopicAsync(partitions);
        await using var producer = await DashStreamProducer.OpenAsync(Provider, probes);
        var found = new SortedDictionary<int, string>();
        for (var i = 0; found.Count < partitions; i++)
        {
            found[(await producer.SendAsync(Thought.Of($"thread-{i}", i))).Position.Partition] = $"thread-{i}";
        }

        return [.. found.Values];
    }

    private Task HandledAsync(int count) => Waits.UntilAsync(() => _handled.Count >= count, $"{count} messages were handled");

    private async ValueTask HandleSlowlyAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        await Task.Delay(1, CancellationToken.None);
        await HandleAsync(message, cancellationToken);
    }

    private ValueTask HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        _handled.Enqueue((message.Header!.ThreadId, NumberOf(message)));
        return ValueTask.CompletedTask;
    }

    private sealed class HangingSink(Task forever) : IDeadLetterSink
    {
        public ValueTask StoreAsync(DeadLetter letter, CancellationToken cancellationToken = default) => new(forever);
    }
}
