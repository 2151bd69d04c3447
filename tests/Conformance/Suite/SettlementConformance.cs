using System.Collections.Concurrent;

namespace DashStream.Conformance;

/// <summary>What done and not done mean over this provider: what is done is gone for good, what is not comes again, and the next of its key waits for it.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class SettlementConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    [Case]
    [Rule("B2-25", "What fails is tried again until it succeeds, and then it is done")]
    [Rule("B2-30", "A message that its failure rule gives back comes again, however often")]
    [Rule("B5-86", "Attempts are counted for each message by itself, and end at the number that was said")]
    public async Task What_fails_is_tried_again_until_it_succeeds()
    {
        int[] needed = [3, 5, 8, 9];
        var topic = await FilledAsync(count: needed.Length, threads: 2);
        var letters = new LetterBox();
        var attempts = new ConcurrentDictionary<int, int>();
        await using var consumer = await OpenClientAsync(topic, options => (options.Retry.MaxAttempts, options.DeadLetters) = (8, letters));

        var run = consumer.RunAsync((message, _) =>
        {
            var number = Thought.NumberOf(message);
            Assert.AreEqual(attempts.AddOrUpdate(number, 1, (_, before) => before + 1), message.Attempt);
            return message.Attempt < needed[number] ? throw new InvalidDataException("The case fails this attempt.") : ValueTask.CompletedTask;
        });
        await Waits.UntilAsync(() => consumer.Status.Finished == needed.Length, "all were done");
        await StopAsync(consumer, run);

        Assert.AreEqual("3 5 8 8", string.Join(' ', attempts.OrderBy(pair => pair.Key).Select(pair => pair.Value)));
        Assert.AreEqual((3, 8), (Thought.NumberOf(letters.Letters.Single().Message!), letters.Letters[0].Attempts));
        await AssertLeftAsync(topic);
    }

    [Case]
    [Rule("B2-26", "The next message of a key is not handled before the one in front of it has returned; other keys are not held up")]
    [Rule("B2-39", "While a message is in hand, no other member of the group gets it")]
    public async Task The_next_of_a_key_waits_for_the_one_in_front()
    {
        const int threads = 8;
        var topic = await FilledAsync(count: 2 * threads, threads, partitions: 2);
        var started = new ConcurrentQueue<int>();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async ValueTask HandleAsync(ReceivedMessage message, CancellationToken token)
        {
            started.Enqueue(Thought.NumberOf(message));
            await gate.Task.WaitAsync(token);
        }

        await using var first = await OpenClientAsync(topic);
        await using var second = await OpenClientAsync(topic);
        await Waits.UntilAsync(() => first.Assignment.Count == 1 && second.Assignment.Count == 1, "each member owns a partition");
        Task[] runs = [first.RunAsync(HandleAsync), second.RunAsync(HandleAsync)];
        await Waits.UntilAsync(() => started.Count >= threads, "the first of each thread is in hand");
        await Task.Delay(Waits.Negative);
        CollectionAssert.AreEqual(Enumerable.Range(0, threads).ToArray(), started.Order().ToArray(), "One of each thread is in hand, once.");
        gate.SetResult();
        await Waits.UntilAsync(() => first.Status.Finished + second.Status.Finished == 2 * threads, "all were done");
        await StopAsync(first, runs[0]);
        await StopAsync(second, runs[1]);

        CollectionAssert.AreEqual(Enumerable.Range(0, 2 * threads).ToArray(), started.Order().ToArray());
        await AssertLeftAsync(topic);
    }

    [Case]
    [Rule("B2-28", "What is done does not come again: not while the member lives, not after its session, not at a member that comes later")]
    [Rule("B2-29", "A message that its failure rule skips is gone for good")]
    public async Task What_is_done_does_not_come_again()
    {
        var topic = await FilledAsync(count: 6, threads: 1);
        var seen = new ConcurrentQueue<int>();
        await using (var consumer = await OpenClientAsync(topic, options =>
        {
            ShortSession.Set(options.Stream);
            options.RevokeTimeout = ShortSession.Timeout / 2;
            options.OnFailure = (_, _) => new(FailureAction.Skip);
        }))
        {
            var run = consumer.RunAsync((message, _) =>
            {
                seen.Enqueue(Thought.NumberOf(message));
                return Thought.NumberOf(message) == 3 ? throw new InvalidDataException("The case refuses this message.") : ValueTask.CompletedTask;
            });
            await Waits.UntilAsync(() => consumer.Status.Finished == 6, "all were done");
            await Task.Delay(ShortSession.Timeout * 1.5);
            await StopAsync(consumer, run);
        }

        Assert.AreEqual("0 1 2 3 4 5", string.Join(' ', seen));
        await AssertLeftAsync(topic);
    }

    [Case]
    [Rule("B2-32", "Saying done of a later message first does not settle the earlier ones")]
    [Rule("B2-33", "What was taken and never said to be done comes again")]
    public async Task Done_out_of_order_settles_nothing_else()
    {
        var topic = await FilledAsync(count: 6, threads: 1);
        await using (var consumer = await OpenClientAsync(topic))
        {
            var taken = new List<ReceivedMessage>();
            await foreach (var message in consumer.ReadAllAsync())
            {
                taken.Add(message);
                if (taken.Count == 6)
                {
                    break;
                }
            }

            foreach (var i in (int[])[5, 4, 1, 0])
            {
                taken[i].Done();
            }

            await Waits.WithinAsync(consumer.StopAsync(Waits.Positive).AsTask(), "the consumer stopped");
        }

        await AssertLeftAsync(topic, 2, 3, 4, 5);
    }

    [Case]
    [Rule("B2-42", "A failure rule that fails itself loses nothing: the message is tried again as the options say, and the consumer goes on")]
    public async Task A_failing_failure_rule_loses_nothing()
    {
        var topic = await FilledAsync(count: 4, threads: 2);
        var letters = new LetterBox();
        var handled = new ConcurrentQueue<int>();
        await using var consumer = await OpenClientAsync(topic, options =>
        {
            options.DeadLetters = letters;
            options.OnFailure = (_, _) => throw new InvalidOperationException("The failure rule of the case is broken.");
        });

        var run = consumer.RunAsync((message, _) =>
        {
            var number = Thought.NumberOf(message);
            if (number == 0 || (number == 1 && message.Attempt == 1))
            {
                throw new InvalidDataException("The case fails this attempt.");
            }

            handled.Enqueue(number);
            return ValueTask.CompletedTask;
        });
        await Waits.UntilAsync(() => consumer.Status.Finished == 4, "all were done");
        await StopAsync(consumer, run);

        Assert.AreEqual("1 2 3", string.Join(' ', handled.Order()));
        var both = (letters.Letters.Single().Error as AggregateException)?.InnerExceptions.Select(error => error.GetType()).ToArray();
        CollectionAssert.AreEqual(new[] { typeof(InvalidDataException), typeof(InvalidOperationException) }, both, "Neither error hides the other.");
        await AssertLeftAsync(topic);
    }

    [Case]
    [Rule("B7-112", "A consumer whose handlers are too slow takes in no more than its bound and a batch, and goes on when they are done")]
    [Rule("B7-113", "No more handlers run at once than was said")]
    [Rule("B7-128c", "The count of what is in flight rises with what is taken in and comes back to nothing")]
    public async Task Bounds_of_handling_are_kept()
    {
        const int count = 200;
        const int handlers = 3;
        const int bound = 10;
        const int batch = 5;
        var topic = await FilledAsync(count, threads: 20);
        var running = 0;
        long most = 0;
        long mostInFlight = 0;
        await using var consumer = await OpenClientAsync(topic, options =>
        {
            (options.MaxConcurrency, options.MaxInFlight) = (handlers, bound);
            options.Stream.MaxBatchRecords = batch;
        });

        var run = consumer.RunAsync(async (_, token) =>
        {
            Raise(ref most, Interlocked.Increment(ref running));
            Raise(ref mostInFlight, consumer.Status.InFlight);
            await Task.Delay(1, token);
            Interlocked.Decrement(ref running);
        });
        await Waits.UntilAsync(() => consumer.Status.Finished == count, "all were done");

        Assert.AreEqual(0L, consumer.Status.InFlight);
        await StopAsync(consumer, run);
        Assert.AreEqual(handlers, (int)most);
        Assert.IsInRange(2L, bound + batch, mostInFlight);
        await AssertLeftAsync(topic);
    }

    [Case]
    [Rule("B7-109", "A stop whose caller stopped waiting while a message was in hand is still a stop, and the message is finished or comes again")]
    public async Task A_stop_that_nobody_waits_for_loses_nothing()
    {
        var topic = await FilledAsync(count: 3, threads: 1);
        var inHand = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int finished;
        await using (var consumer = await OpenClientAsync(topic))
        {
            var run = consumer.RunAsync(async (_, _) =>
            {
                inHand.TrySetResult();
                await gate.Task;
            });
            await Waits.EndsAsync(inHand.Task, "the first message is in hand");
            using var impatient = new CancellationTokenSource();
            var stop = consumer.StopAsync(Waits.Positive, impatient.Token).AsTask();
            await impatient.CancelAsync();
            await Assert.ThrowsAsync<OperationCanceledException>(() => stop);
            gate.SetResult();
            var receipt = await Waits.WithinAsync(consumer.StopAsync(TimeSpan.Zero).AsTask(), "the stop went on");
            await run;
            Assert.AreEqual((true, 3L), (receipt.Complete, receipt.Finished + receipt.Left));
            finished = (int)receipt.Finished;
        }

        await AssertLeftAsync(topic, [.. Enumerable.Range(finished, 3 - finished)]);
    }

    private static void Raise(ref long most, long value)
    {
        while (Volatile.Read(ref most) is var before && value > before && Interlocked.CompareExchange(ref most, value, before) != before)
        {
            // Another handler told a greater number meanwhile.
        }
    }
}
