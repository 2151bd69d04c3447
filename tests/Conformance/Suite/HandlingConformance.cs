using System.Collections.Concurrent;

namespace DashStream.Conformance;

/// <summary>What the client promises about handling holds over this provider: nothing lost, order per key, commits that never pass what is not done.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class HandlingConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    [Case]
    [Rule("B8-4", "A message that fails again and again stops its own key only, ends as a dead letter, and what stood behind it follows in order")]
    public async Task Poison_at_the_head_stops_no_other_key()
    {
        var topic = await FilledAsync(count: 40, threads: 4);
        var letters = new LetterBox { Refuses = true };
        var handled = new ConcurrentQueue<int>();
        await using var consumer = await OpenClientAsync(topic, options => options.DeadLetters = letters);

        var run = consumer.RunAsync((message, _) => Handle(handled, message, poison: 0));
        await Waits.UntilAsync(() => handled.Count == 30 && letters.Refused > 2, "the other threads were handled while the letter could not be stored");
        Assert.IsFalse(handled.Any(number => number % 4 == 0), "Nothing of the poisoned thread passed the message that is not done.");
        Assert.AreEqual(1, consumer.Status.UnstoredDeadLetters);

        letters.Refuses = false;
        await Waits.UntilAsync(() => handled.Count == 39, "what stood behind the poison was handled");
        await StopAsync(consumer, run);

        Assert.AreEqual(0, Thought.NumberOf(letters.Letters.Single().Message!));
        AssertOrderPerThread(handled, threads: 4);
        await AssertLeftAsync(topic);
    }

    [Case]
    [Rule("B8-1", "A commit never passes a message whose handler has not returned, or whose dead letter is not stored: the next member gets it")]
    public async Task A_commit_never_passes_what_is_not_done()
    {
        var topic = await FilledAsync(count: 30, threads: 3);
        var letters = new LetterBox { Refuses = true };
        var handled = new ConcurrentQueue<int>();
        await using (var consumer = await OpenClientAsync(topic, options => options.DeadLetters = letters))
        {
            var run = consumer.RunAsync((message, _) => Handle(handled, message, poison: 7));
            await Waits.UntilAsync(() => handled.Count >= 22 && letters.Refused > 0, "the other threads were handled");
            await StopAsync(consumer, run);
        }

        var again = new ConcurrentQueue<int>();
        await using var next = await OpenClientAsync(topic);
        var rest = next.RunAsync((message, _) => Handle(again, message));
        await Waits.UntilAsync(() => again.Contains(28), "the next member went on");
        await StopAsync(next, rest);

        Assert.IsTrue(again.Contains(7), "The message without a stored letter came again.");
        Assert.IsEmpty(Enumerable.Range(0, 30).Except(handled).Except(again), "Nothing was lost.");
        Assert.IsFalse(again.Intersect([0, 1, 2, 3]).Any(), "What was committed did not come again.");
    }

    [Case]
    [Rule("B2-41", "A handler that was cancelled by a stop has not done its message: it comes again")]
    [Rule("DS-80", "A stop is bounded though a handler is not, and says what is left")]
    public async Task A_cancelled_handler_has_not_done_its_message()
    {
        var topic = await FilledAsync(count: 2, threads: 1);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (var consumer = await OpenClientAsync(topic))
        {
            var run = consumer.RunAsync(async (_, token) =>
            {
                started.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            });
            await Waits.EndsAsync(started.Task, "the first message reached its handler");
            var receipt = await Waits.WithinAsync(consumer.StopAsync(TimeSpan.FromMilliseconds(200)).AsTask(), "the stop ended");
            await Waits.EndsAsync(run, "the run ended");
            Assert.IsFalse(receipt.Complete);
            Assert.AreEqual((0L, 2L), (receipt.Finished, receipt.Left));
        }

        await AssertLeftAsync(topic, 0, 1);
    }

    [Case]
    [Rule("B2-43", "What a failed handler did to its message does not reach the next attempt")]
    [Rule("B2-31", "A handler is told how often its message was tried")]
    [Rule("B2-34", "Saying done twice is harmless")]
    public async Task A_retry_sees_the_message_as_it_was()
    {
        var topic = await FilledAsync(count: 1, threads: 1);
        var seen = new ConcurrentQueue<string>();
        await using var consumer = await OpenClientAsync(topic);

        var run = consumer.RunAsync((message, _) =>
        {
            seen.Enqueue($"{message.Message.TokenChunk.Text} {message.Header!.ThreadId} {message.Attempt}");
            message.Message.TokenChunk.Text = "spoilt";
            message.Header.ThreadId = "spoilt";
            if (message.Attempt < 3)
            {
                throw new InvalidDataException("The case fails this attempt.");
            }

            message.Done();
            message.Done();
            return ValueTask.CompletedTask;
        });
        await Waits.UntilAsync(() => seen.Count == 3, "the third attempt");
        await StopAsync(consumer, run);

        Assert.AreEqual("0 thread-0 1, 0 thread-0 2, 0 thread-0 3", string.Join(", ", seen));
        await AssertLeftAsync(topic);
    }

    [Case]
    [Rule("B2-27", "Members come and go while handlers fail: every message is handled, each thread in order, and nothing is committed that was not")]
    [Rule("B2-47", "Order holds while handlers fail")]
    public async Task Nothing_is_lost_while_members_come_and_go_and_handlers_fail()
    {
        const int count = 400;
        const int threads = 16;
        var topic = await CreateTopicAsync(partitions: 4);
        var done = new ConcurrentDictionary<int, int>();
        var order = new OrderCheck();
        var attempts = 0;
        async ValueTask HandleAsync(ReceivedMessage message, CancellationToken token)
        {
            await Task.Yield();
            if (Interlocked.Increment(ref attempts) % 7 == 0)
            {
                throw new InvalidDataException("The case fails every seventh attempt.");
            }

            order.Handled(message);
            done.AddOrUpdate(Thought.NumberOf(message), 1, (_, times) => times + 1);
        }

        await using var first = await OpenClientAsync(topic, Patient);
        var firstRun = first.RunAsync(HandleAsync);
        await Thought.SendAsync(Provider, topic, count / 2, threads);
        await using (var second = await OpenClientAsync(topic, Patient))
        {
            var secondRun = second.RunAsync(HandleAsync);
            await Thought.SendAsync(Provider, topic, count / 2, threads, from: count / 2);
            await Waits.UntilAsync(() => second.Assignment.Count == 2 && done.Count > count / 2, "both members work");
            await StopAsync(second, secondRun);
        }

        await Waits.UntilAsync(
            async () => done.Count == count && (await first.GetProgressAsync()) is { Count: 4 } parts && parts.All(part => part.Lag is 0 or null),
            "everything was handled and committed, what came again too");
        await StopAsync(first, firstRun);

        Assert.IsEmpty(order.Violations, string.Join("; ", order.Violations.Take(5)));
        await AssertLeftAsync(topic);
    }

    private static void Patient(DashStreamConsumerOptions options) => options.Retry.MaxAttempts = 1000;

    private static ValueTask Handle(ConcurrentQueue<int> handled, ReceivedMessage message, int poison = -1)
    {
        if (Thought.NumberOf(message) == poison)
        {
            throw new InvalidDataException("The case makes this message fail.");
        }

        handled.Enqueue(Thought.NumberOf(message));
        return ValueTask.CompletedTask;
    }

    private static void AssertOrderPerThread(IReadOnlyCollection<int> handled, int threads)
    {
        foreach (var thread in handled.GroupBy(number => number % threads))
        {
            CollectionAssert.AreEqual(thread.Order().ToArray(), thread.ToArray(), $"Order of thread {thread.Key}.");
        }
    }

    // Repeats are allowed; but what is handled for the first time must follow what came before it in its thread.
    private sealed class OrderCheck
    {
        private readonly ConcurrentDictionary<string, int> _newest = new();

        public ConcurrentQueue<string> Violations { get; } = new();

        public void Handled(ReceivedMessage message)
        {
            var thread = message.Header!.ThreadId;
            var number = Thought.NumberOf(message);
            var newest = _newest.GetValueOrDefault(thread, -1);
            var next = newest < 0 ? int.Parse(thread[(thread.IndexOf('-', StringComparison.Ordinal) + 1)..], null) : newest + 16;
            if (number > next)
            {
                Violations.Enqueue($"{thread}: {number} was handled before {next}");
            }

            _newest.AddOrUpdate(thread, number, (_, before) => Math.Max(before, number));
        }
    }
}
