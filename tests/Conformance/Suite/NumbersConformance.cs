using System.Collections.Concurrent;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Conformance;

/// <summary>Gaps in a thread's numbers and messages that come twice are seen over this provider, and batches keep what single messages keep.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class NumbersConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private readonly ConcurrentQueue<string> _handled = new();

    [Case]
    [Rule("DS-81", "A gap halts its thread only: what follows in it is neither handled nor committed past until it is resumed, and then comes in order")]
    public async Task A_gap_halts_its_thread_only()
    {
        var topic = await CreateTopicAsync();
        await using var producer = await DashStreamProducer.OpenAsync(Provider, topic);
        await SendAsync(producer, Of("a", 1), Of("a", 3), Of("b", 1), Of("a", 4), Of("b", 2));
        await using (var consumer = await OpenClientAsync(topic, options => options.GapPolicy = GapPolicy.HaltThread))
        {
            var run = consumer.RunAsync(HandleAsync);
            await Waits.UntilAsync(() => _handled.Count == 3 && consumer.Status.HaltedThreads is [{ Waiting: 2 }], "thread a stood still");
            await StopAsync(consumer, run);
        }

        Assert.AreEqual("a1 b1 b2", string.Join(' ', _handled.Order()));
        _handled.Clear();
        await using var next = await OpenClientAsync(topic, options => options.GapPolicy = GapPolicy.HaltThread);
        var again = next.RunAsync(HandleAsync);
        await SendAsync(producer, Of("a", 6), Of("a", 7));
        await Waits.UntilAsync(() => next.Status.HaltedThreads is [{ ThreadId: "a", Expected: 5, Received: 6, Waiting: 2 }], "thread a stood still again");
        Assert.IsTrue(next.ResumeThread("t", "a"));
        await Waits.UntilAsync(() => _handled.Contains("a7"), "thread a went on");
        await StopAsync(next, again);

        Assert.AreEqual("a3 a4 a6 a7", string.Join(' ', _handled.Where(text => text[0] == 'a')));
    }

    [Case]
    [Rule("DS-82", "A member that takes over in the middle of a thread sees no gap, and numbers of two producers of one thread do not mix")]
    public async Task A_takeover_is_no_gap()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, [.. Enumerable.Range(1, 20).Select(i => Of("a", (ulong)i))]);
        await using (var first = await OpenClientAsync(topic, options => options.GapPolicy = GapPolicy.HaltThread))
        {
            var run = first.RunAsync(HandleAsync);
            await Waits.UntilAsync(() => _handled.Count == 20, "the first member handled everything");
            await StopAsync(first, run);
        }

        await using var second = await OpenClientAsync(topic, options => options.GapPolicy = GapPolicy.HaltThread);
        var rest = second.RunAsync(HandleAsync);
        await SendAsync(topic, [.. Enumerable.Range(21, 10).Select(i => Of("a", (ulong)i))]);
        await SendAsync(topic, [.. Enumerable.Range(1, 10).Select(i => Of("a", (ulong)i))]);
        await Waits.UntilAsync(() => _handled.Count == 40 || second.Status.HaltedThreads.Count > 0, "the second member handled the rest");
        Assert.IsEmpty(second.Status.HaltedThreads);
        await StopAsync(second, rest);
    }

    [Case]
    [Rule("DS-83", "Within the window a message that is stored twice is handled once, and counts as done")]
    [Rule("DS-84", "Ids kept in files are known after a restart: what was handled and not committed is not handled again")]
    public async Task A_message_that_comes_twice_is_handled_once()
    {
        var topic = await CreateTopicAsync();
        var folder = NewStore().Path;
        DashStreamMessage[] messages = [.. Enumerable.Range(1, 10).Select(i => Of("a", (ulong)i))];
        await SendAsync(topic, [.. messages, messages[2], messages[9]]);
        await using (var consumer = await OpenClientAsync(topic, Remember))
        {
            var run = consumer.RunAsync(HandleAsync);
            await Waits.UntilAsync(() => consumer.Status.Finished == 12, "everything was done");
            await StopAsync(consumer, run);
        }

        await Provider.Admin.ResetGroupAsync(topic, ClientGroup, null, SeekTarget.Beginning);
        await using var restarted = await OpenClientAsync(topic, Remember);
        var again = restarted.RunAsync(HandleAsync);
        await Waits.UntilAsync(() => restarted.Status.Finished == 12, "everything was done again");
        await StopAsync(restarted, again);

        Assert.HasCount(10, _handled);

        void Remember(DashStreamConsumerOptions options) => (options.DuplicateWindow, options.DuplicateFolder) = (100, folder);
    }

    [Case]
    [Rule("B4-70", "A batch is tried again as a whole, then taken apart, so that only the message at fault becomes a dead letter; order holds within each key")]
    public async Task Only_the_poison_of_a_batch_becomes_a_letter()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        await Thought.SendAsync(Provider, topic, 60, threads: 6);
        var letters = new LetterBox();
        var handled = new ConcurrentQueue<int>();
        await using var consumer = await OpenClientAsync(topic, options => (options.DeadLetters, options.Batch.MaxMessages) = (letters, 20));

        var run = consumer.RunBatchesAsync((batch, _) =>
        {
            var numbers = batch.Select(Thought.NumberOf).ToList();
            if (numbers.Contains(13))
            {
                throw new InvalidDataException("The case makes this batch fail.");
            }

            numbers.ForEach(handled.Enqueue);
            return ValueTask.CompletedTask;
        });
        await Waits.UntilAsync(() => handled.Count == 59 && consumer.Status.InFlight == 0, "all others were handled");
        await StopAsync(consumer, run);

        Assert.AreEqual(13, Thought.NumberOf(letters.Letters.Single().Message!));
        Assert.IsTrue(handled.GroupBy(number => number % 6).All(thread => thread.SequenceEqual(thread.Order())));
    }

    [Case]
    [Rule("DS-99", "Copies of a message do not share a batch: the later one is dropped once the first was handled, and handled when that failed")]
    public async Task Copies_of_a_message_do_not_share_a_batch()
    {
        var topic = await CreateTopicAsync();
        DashStreamMessage[] messages = [.. Enumerable.Range(1, 6).Select(i => Of("a", (ulong)i))];
        await SendAsync(topic, messages[0], messages[1], messages[1], messages[2], messages[3], messages[3], messages[4], messages[5]);
        var letters = new LetterBox();
        await using var consumer = await OpenClientAsync(topic, options =>
            (options.DuplicateWindow, options.DeadLetters, options.Retry.MaxAttempts, options.Batch.MaxWait) = (100, letters, 1, TimeSpan.FromMilliseconds(50)));

        var run = consumer.RunBatchesAsync((batch, _) =>
        {
            var texts = batch.Select(message => message.Message.TokenChunk.Text).ToList();
            if (texts.Contains("a4") && letters.Letters.Count == 0)
            {
                throw new InvalidDataException("The case makes the first of two copies fail.");
            }

            texts.ForEach(_handled.Enqueue);
            return ValueTask.CompletedTask;
        });
        await Waits.UntilAsync(() => consumer.Status.Finished == 8, "everything was done");
        await StopAsync(consumer, run);

        Assert.AreEqual("a1 a2 a3 a4 a5 a6", string.Join(' ', _handled));
        Assert.AreEqual("a4", letters.Letters.Single().Message!.TokenChunk.Text);
    }

    private async ValueTask HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        await Task.Yield();
        _handled.Enqueue(message.Message.TokenChunk.Text);
    }

    // By a producer of its own, which keeps the numbers and ids that are set.
    private async Task SendAsync(string topic, params DashStreamMessage[] messages)
    {
        await using var producer = await DashStreamProducer.OpenAsync(Provider, topic);
        await SendAsync(producer, messages);
    }

    private static async Task SendAsync(DashStreamProducer producer, params DashStreamMessage[] messages) =>
        await Task.WhenAll([.. messages.Select(message => producer.SendAsync(message).AsTask())]);

    private static TokenChunk Of(string thread, ulong number) => new()
    {
        Header = new Header { ThreadId = thread, TenantId = "t", Sequence = number, MessageId = ByteString.CopyFrom(Guid.NewGuid().ToByteArray()) },
        Text = $"{thread}{number}",
    };
}
