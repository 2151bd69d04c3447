using System.Collections.Concurrent;
using static DashStream.Tests.Client.ScriptedConsumer;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class HandlerRetryTests
{
    private static readonly RetryPolicy Fast = new() { BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) };
    private static readonly RetryPolicy Long = new() { BaseDelay = TimeSpan.FromHours(1), MaxDelay = TimeSpan.FromHours(1) };

    private readonly ConcurrentQueue<string> _handled = new();

    [TestMethod]
    public async Task A_key_that_waits_for_a_retry_holds_no_worker_and_stays_in_order()
    {
        var time = new ManualTime();
        await using var script = await OpenAsync(new() { MaxConcurrency = 1, Retry = Long }, time);
        var failures = 0;
        _ = script.Run(text =>
        {
            if (text == "bad" && failures++ == 0)
            {
                throw new InvalidDataException("no");
            }

            _handled.Enqueue(text);
        });
        script.Put("a", "bad");
        script.Put("a", "behind the bad one");
        script.Put("b", "other");

        await UntilAsync(() => _handled.Contains("other"));
        Assert.AreEqual(1, script.Consumer.Status.WaitingForRetry);
        await time.AdvanceUntilAsync(() => _handled.Count == 3, TimeSpan.FromMinutes(10));

        CollectionAssert.AreEqual(new[] { "other", "bad", "behind the bad one" }, _handled.ToArray());
        await time.AdvanceUntilAsync(() => script.HasCommitted(2), TimeSpan.FromMilliseconds(10));
    }

    [TestMethod]
    public async Task A_retry_sees_the_message_as_it_was_and_the_number_of_the_attempt()
    {
        await using var script = await OpenAsync(new() { Retry = Fast });
        _ = script.Run((message, _) =>
        {
            _handled.Enqueue($"{message.Message.TokenChunk.Text} {message.Attempt}");
            message.Message.TokenChunk.Text = "spoilt";
            message.Message.TokenChunk.Header.ThreadId = "elsewhere";
            return message.Attempt < 3 ? throw new InvalidDataException("no") : ValueTask.CompletedTask;
        });
        script.Put("a", "fine");

        await UntilAsync(() => script.HasCommitted(0));
        await script.StopAsync();

        CollectionAssert.AreEqual(new[] { "fine 1", "fine 2", "fine 3" }, _handled.ToArray());
    }

    [TestMethod]
    public async Task Without_a_place_for_dead_letters_the_last_attempt_ends_the_run()
    {
        await using var script = await OpenAsync(new() { Retry = Fast });
        script.Put("a", "bad");

        var error = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => script.Run(text =>
        {
            _handled.Enqueue(text);
            throw new InvalidDataException("no");
        }));

        Assert.AreEqual("no", error.Message);
        Assert.HasCount(3, _handled);
        Assert.IsEmpty(script.Provider.Commits);
        Assert.AreSame(error, script.Consumer.Status.Failure);
    }

    [TestMethod]
    public async Task A_handler_that_cancels_itself_has_failed()
    {
        await using var script = await OpenAsync(new() { Retry = Fast });
        script.Put("a", "bad");

        await Assert.ThrowsExactlyAsync<TaskCanceledException>(() => script.Run((_, _) => ValueTask.FromCanceled(new CancellationToken(true))));

        Assert.IsEmpty(script.Provider.Commits);
    }

    [TestMethod]
    public async Task A_revoke_does_not_wait_for_a_retry_and_takes_the_message_along()
    {
        await using var script = await OpenAsync(new() { Retry = Long, RevokeTimeout = TimeSpan.FromSeconds(9) });
        _ = script.Run(text =>
        {
            _handled.Enqueue(text);
            if (text == "bad")
            {
                throw new InvalidDataException("no");
            }
        });
        script.Put("b", "good");
        script.Put("a", "bad");
        script.Put("a", "behind");
        await UntilAsync(() => script.Consumer.Status.WaitingForRetry == 1 && script.Provider.Taken == 3 && _handled.Contains("good"));

        await script.Provider.RevokeAsync(0).WaitAsync(TimeSpan.FromSeconds(5));
        await UntilAsync(() => script.Consumer.Status.InFlight == 0);

        CollectionAssert.AreEquivalent(new[] { "good", "bad" }, _handled.ToArray());
        CollectionAssert.AreEqual(new[] { new StreamPosition(0, 0) }, script.Provider.Commits.ToArray());
        await script.StopAsync();
    }

    [TestMethod]
    public async Task A_seek_drops_what_waits_for_a_retry()
    {
        await using var script = await OpenAsync(new() { Retry = Long });
        _ = script.Run(text =>
        {
            _handled.Enqueue(text);
            if (text == "bad")
            {
                throw new InvalidDataException("no");
            }
        });
        script.Put("a", "bad");
        await UntilAsync(() => script.Consumer.Status.WaitingForRetry == 1);

        await script.Consumer.SeekAsync(0, SeekTarget.End);
        script.Put("a", "after the seek");
        await UntilAsync(() => script.HasCommitted(1));
        await script.StopAsync();

        CollectionAssert.AreEqual(new[] { "bad", "after the seek" }, _handled.ToArray());
    }

    [TestMethod]
    public async Task A_stop_does_not_wait_for_a_retry_and_counts_the_message_as_left()
    {
        await using var script = await OpenAsync(new() { Retry = Long });
        _ = script.Run(_ => throw new InvalidDataException("no"));
        script.Put("a", "bad");
        script.Put("a", "behind");
        await UntilAsync(() => script.Consumer.Status.WaitingForRetry == 1 && script.Provider.Taken == 2);

        var receipt = await script.StopAsync().WaitAsync(TimeSpan.FromSeconds(5));

        Assert.AreEqual((true, 2L, 0L), (receipt.Complete, receipt.Left, receipt.Finished));
        Assert.IsEmpty(script.Provider.Commits);
    }

    [TestMethod]
    public async Task A_failing_failure_callback_decides_nothing()
    {
        var sink = new ScriptedSink();
        await using var script = await OpenAsync(new() { Retry = Fast, DeadLetters = sink, OnFailure = (_, _) => throw new FormatException("callback") });
        _ = script.Run(text =>
        {
            _handled.Enqueue(text);
            throw new InvalidDataException("no");
        });
        script.Put("a", "bad");

        await UntilAsync(() => script.HasCommitted(0));
        await script.StopAsync();

        Assert.HasCount(3, _handled);
        CollectionAssert.AreEqual(
            new[] { typeof(InvalidDataException), typeof(FormatException) },
            ((AggregateException)sink.Letters.Single().Error).InnerExceptions.Select(error => error.GetType()).ToArray());
    }
}
