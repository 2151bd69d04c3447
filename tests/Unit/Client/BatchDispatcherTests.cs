using System.Collections.Concurrent;
using static DashStream.Tests.Client.ScriptedConsumer;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class BatchDispatcherTests
{
    private static readonly RetryPolicy Fast = new() { MaxAttempts = 2, BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) };

    private readonly ConcurrentQueue<string> _batches = new();

    [TestMethod]
    public async Task Messages_of_many_keys_come_in_batches_in_order_within_each_key()
    {
        await using var script = await OpenAsync(new() { Batch = new() { MaxMessages = 7 } });
        for (var i = 0; i < 100; i++)
        {
            script.Put($"k{i % 5}", $"{i}");
        }

        _ = script.RunBatches(Handle);
        await UntilAsync(() => script.HasCommitted(99));
        await script.StopAsync();

        var handled = _batches.SelectMany(batch => batch.Split(' ')).Select(int.Parse).ToList();
        Assert.HasCount(100, handled);
        Assert.IsTrue(handled.GroupBy(number => number % 5).All(key => key.SequenceEqual(key.Order())));
        Assert.IsLessThanOrEqualTo(7, _batches.Max(batch => batch.Split(' ').Length));
        Assert.IsLessThan(60, _batches.Count);
    }

    [TestMethod]
    public async Task A_batch_waits_for_others_no_longer_than_it_may_and_one_key_may_fill_it()
    {
        var time = new ManualTime();
        await using var script = await OpenAsync(new() { Batch = new() { MaxMessages = 3, MaxWait = TimeSpan.FromSeconds(30) } }, time);
        _ = script.RunBatches(Handle);
        script.Put("a", "1");
        await UntilAsync(() => script.Provider.Taken == 1);
        script.Put("a", "2");
        script.Put("a", "3");
        await UntilAsync(() => _batches.Contains("1 2 3"));

        script.Put("b", "4");
        await UntilAsync(() => script.Provider.Taken == 4);
        Assert.HasCount(1, _batches);
        await time.AdvanceUntilAsync(() => _batches.Contains("4"), TimeSpan.FromSeconds(10));
        await time.AdvanceUntilAsync(() => script.HasCommitted(3), TimeSpan.FromMilliseconds(5));
    }

    [TestMethod]
    public async Task A_failed_batch_is_tried_again_whole_and_then_only_the_poison_goes_away()
    {
        var sink = new ScriptedSink();
        await using var script = await OpenAsync(new() { Batch = new() { MaxMessages = 4 }, Retry = Fast, DeadLetters = sink });
        foreach (var text in (string[])["1", "bad", "2", "3"])
        {
            script.Put(text == "3" ? "b" : "a", text);
        }

        _ = script.RunBatches(batch =>
        {
            Handle(batch);
            if (batch.Contains("bad"))
            {
                throw new InvalidDataException("no");
            }
        });
        await UntilAsync(() => script.HasCommitted(3));
        script.Put("a", "4");
        await UntilAsync(() => script.HasCommitted(4));
        await script.StopAsync();

        var calls = _batches.ToList();
        Assert.AreEqual(calls[0], calls[1]);
        Assert.HasCount(4, calls[0].Split(' '));
        CollectionAssert.AreEquivalent(new[] { "1", "bad", "2", "3", "4" }, calls[2..]);
        Assert.IsTrue(calls.IndexOf("1") < calls.IndexOf("bad") && calls.IndexOf("bad") < calls.IndexOf("2"));
        Assert.AreEqual(("bad", 3), (sink.Letters.Single().Message!.TokenChunk.Text, sink.Letters.Single().Attempts));
    }

    [TestMethod]
    public async Task A_message_that_is_a_batch_by_itself_is_tried_as_often_as_any()
    {
        var sink = new ScriptedSink();
        await using var script = await OpenAsync(new() { Batch = new() { MaxWait = TimeSpan.Zero }, Retry = Fast, DeadLetters = sink });
        _ = script.RunBatches(batch =>
        {
            Handle(batch);
            throw new InvalidDataException("no");
        });
        script.Put("a", "bad");
        script.Provider.Put("", [0x77]);
        await UntilAsync(() => script.HasCommitted(1));
        await script.StopAsync();

        Assert.HasCount(2, _batches);
        CollectionAssert.AreEquivalent(new[] { (DeadLetterStage.Handler, 2), (DeadLetterStage.Decode, 1) },
            sink.Letters.Select(letter => (letter.Stage, letter.Attempts)).ToArray());
    }

    [TestMethod]
    public async Task Messages_without_a_key_are_taken_apart_too()
    {
        var sink = new ScriptedSink();
        await using var script = await OpenAsync(new() { Retry = Fast, DeadLetters = sink });
        script.Put("", "1");
        script.Put("", "bad");
        script.Put("", "2");
        _ = script.RunBatches(batch =>
        {
            Handle(batch);
            if (batch.Contains("bad"))
            {
                throw new InvalidDataException("no");
            }
        });
        await UntilAsync(() => script.HasCommitted(2));
        await script.StopAsync();

        Assert.AreEqual("bad", sink.Letters.Single().Message!.TokenChunk.Text);
    }

    [TestMethod]
    public async Task Without_a_place_for_dead_letters_the_poison_ends_the_run_and_is_not_committed()
    {
        await using var script = await OpenAsync(new() { Retry = Fast });
        script.Put("a", "1");
        script.Put("a", "bad");
        script.Put("a", "2");

        await Assert.ThrowsExactlyAsync<InvalidDataException>(() => script.RunBatches(batch =>
        {
            Handle(batch);
            if (batch.Contains("bad"))
            {
                throw new InvalidDataException("no");
            }
        }));

        Assert.AreEqual(new StreamPosition(0, 0), script.Provider.Commits[^1]);
        Assert.IsFalse(_batches.Contains("2"));
    }

    [TestMethod]
    public async Task A_stop_lets_a_batch_end_and_drops_what_waits()
    {
        await using var script = await OpenAsync(new() { Batch = new() { MaxMessages = 1, MaxConcurrency = 1 } });
        using var release = new ManualResetEventSlim();
        using var cancel = new CancellationTokenSource();
        var run = script.Consumer.RunBatchesAsync((batch, _) =>
        {
            Handle([batch[0].Message.TokenChunk.Text]);
            release.Wait(Patience, CancellationToken.None);
            return ValueTask.CompletedTask;
        }, cancel.Token);
        script.Put("a", "1");
        script.Put("b", "2");
        await UntilAsync(() => _batches.Count == 1 && script.Provider.Taken == 2);

        await cancel.CancelAsync();
        release.Set();
        await run.WaitAsync(Patience);
        var receipt = await script.Consumer.StopAsync(Patience);

        Assert.AreEqual((1L, 1L), (receipt.Finished, receipt.Left));
        CollectionAssert.AreEqual(new[] { new StreamPosition(0, 0) }, script.Provider.Commits.ToArray());
    }

    [TestMethod]
    public async Task A_revoke_does_not_wait_for_a_batch_that_waits_for_its_retry()
    {
        var retry = new RetryPolicy { BaseDelay = TimeSpan.FromHours(1), MaxDelay = TimeSpan.FromHours(1) };
        await using var script = await OpenAsync(new() { Retry = retry, RevokeTimeout = TimeSpan.FromSeconds(9) });
        script.Put("a", "1");
        script.Put("b", "2");
        _ = script.RunBatches(_ => throw new InvalidDataException("no"));
        await UntilAsync(() => script.Consumer.Status.WaitingForRetry == 1);

        await script.Provider.RevokeAsync(0).WaitAsync(TimeSpan.FromSeconds(5));
        await UntilAsync(() => script.Consumer.Status.InFlight == 0);

        Assert.IsEmpty(script.Provider.Commits);
        await script.StopAsync();
    }

    [TestMethod]
    public async Task What_is_left_of_a_batch_after_a_revoke_still_stands_before_the_rest_of_its_key()
    {
        var sink = new ScriptedSink();
        var retry = new RetryPolicy { MaxAttempts = 4, BaseDelay = TimeSpan.FromMilliseconds(60), MaxDelay = TimeSpan.FromMilliseconds(60) };
        await using var script = await OpenAsync(new() { Retry = retry, DeadLetters = sink, Batch = new() { MaxWait = TimeSpan.Zero }, RevokeTimeout = TimeSpan.FromSeconds(9) });
        await script.Provider.AssignAsync(1);
        script.Put("other", "goes away", partition: 1);
        script.Put("a", "bad");
        _ = script.RunBatches(batch =>
        {
            Handle(batch);
            if (batch.Contains("bad"))
            {
                throw new InvalidDataException("no");
            }
        });
        await UntilAsync(() => script.Consumer.Status.WaitingForRetry > 0);
        await script.Provider.RevokeAsync(1);
        script.Put("a", "behind");
        await UntilAsync(() => _batches.Contains("behind"));
        await script.StopAsync();

        Assert.AreEqual("bad", sink.Letters.Single().Message!.TokenChunk.Text);
        Assert.AreEqual("behind", _batches.Last(), "Only when what stood before it had its letter.");
    }

    private void Handle(IReadOnlyList<string> batch) => _batches.Enqueue(string.Join(' ', batch));
}
