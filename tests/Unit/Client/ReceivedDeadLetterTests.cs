using System.Collections.Concurrent;
using static DashStream.Tests.Client.ScriptedConsumer;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class ReceivedDeadLetterTests
{
    private readonly ScriptedSink _sink = new();
    private readonly ConcurrentQueue<string> _handled = new();

    [TestMethod]
    public async Task A_message_whose_handler_failed_for_good_becomes_a_letter_and_others_go_on()
    {
        await using var script = await OpenAsync(Options());
        _ = script.Run(Handle);
        script.Put("a", "bad");
        script.Put("a", "behind");
        script.Put("b", "other");

        await UntilAsync(() => script.HasCommitted(2));
        await script.StopAsync();

        var letter = _sink.Letters.Single();
        Assert.AreEqual((DeadLetterStage.Handler, "events", "group", 2), (letter.Stage, letter.SourceTopic, letter.ClientId, letter.Attempts));
        Assert.AreEqual("bad", letter.Message!.TokenChunk.Text);
        Assert.AreEqual(new StreamPosition(0, 0), letter.Record.Position);
        Assert.IsInstanceOfType<InvalidDataException>(letter.Error);
        CollectionAssert.AreEquivalent(new[] { "behind", "other" }, _handled.ToArray());
    }

    [TestMethod]
    public async Task Bytes_that_are_no_message_become_a_letter_at_once_and_keep_their_bytes()
    {
        await using var script = await OpenAsync(Options());
        _ = script.Run(Handle);
        script.Provider.Put("a", [0x77, 1, 2, 3]);
        script.Put("a", "behind");

        await UntilAsync(() => script.HasCommitted(1));
        await script.StopAsync();

        var letter = _sink.Letters.Single();
        Assert.AreEqual((DeadLetterStage.Decode, 1), (letter.Stage, letter.Attempts));
        Assert.IsNull(letter.Message);
        CollectionAssert.AreEqual(new byte[] { 0x77, 1, 2, 3 }, letter.Record.Value!.Value.ToArray());
    }

    [TestMethod]
    public async Task While_a_letter_cannot_be_stored_its_commit_stands_and_other_keys_go_on()
    {
        _sink.Refusal = new StreamException(StreamErrorKind.Transient, "away");
        await using var script = await OpenAsync(Options());
        _ = script.Run(Handle);
        script.Put("b", "first");
        script.Put("a", "bad");
        script.Put("a", "behind");
        script.Put("b", "other");

        await UntilAsync(() => _sink.Attempts > 3 && _handled.Contains("other"));
        Assert.AreEqual(1, script.Consumer.Status.UnstoredDeadLetters);
        Assert.AreSame(_sink.Refusal, script.Consumer.Status.DeadLetterError);
        Assert.IsFalse(script.HasCommitted(1));
        Assert.IsFalse(_handled.Contains("behind"));

        _sink.Refusal = null;
        await UntilAsync(() => script.HasCommitted(3));

        Assert.IsTrue(_handled.Contains("behind"));
        Assert.AreEqual(0, script.Consumer.Status.UnstoredDeadLetters);
        Assert.IsNull(script.Consumer.Status.DeadLetterError);
        await script.StopAsync();
    }

    [TestMethod]
    public async Task Letters_that_cannot_be_stored_do_not_use_up_the_workers()
    {
        var never = new TaskCompletionSource();
        await using var script = await OpenAsync(new() { MaxConcurrency = 2, Retry = Options().Retry, DeadLetters = new HangingSink(never.Task) });
        _ = script.Run(Handle);
        for (var i = 0; i < 10; i++)
        {
            script.Put($"k{i}", "bad");
        }

        script.Put("b", "other");
        await UntilAsync(() => _handled.Contains("other"));
        never.SetResult();
        await UntilAsync(() => script.HasCommitted(10));
        await script.StopAsync();
    }

    [TestMethod]
    public async Task A_stop_ends_the_attempts_to_store_a_letter_and_commits_nothing_of_it()
    {
        _sink.Refusal = new StreamException(StreamErrorKind.Transient, "away");
        await using var script = await OpenAsync(Options());
        _ = script.Run(Handle);
        script.Put("a", "bad");
        await UntilAsync(() => _sink.Attempts > 1);

        var receipt = await script.StopAsync();

        Assert.AreEqual(1, receipt.Left);
        Assert.IsEmpty(script.Provider.Commits);
    }

    [TestMethod]
    public async Task A_revoke_waits_for_a_letter_that_is_being_stored()
    {
        var stored = new TaskCompletionSource();
        await using var script = await OpenAsync(new() { Retry = Options().Retry, DeadLetters = new HangingSink(stored.Task) });
        _ = script.Run(Handle);
        script.Put("a", "bad");
        await UntilAsync(() => script.Consumer.Status.UnstoredDeadLetters == 1);

        var revoke = script.Provider.RevokeAsync(0);
        var early = revoke.IsCompleted;
        stored.SetResult();
        await revoke.WaitAsync(Patience);

        Assert.IsFalse(early);
        CollectionAssert.AreEqual(new[] { new StreamPosition(0, 0) }, script.Provider.Commits.ToArray());
        await script.StopAsync();
    }

    [TestMethod]
    public async Task The_failure_callback_may_send_a_message_away_at_once()
    {
        await using var script = await OpenAsync(Options(options => options.OnFailure = (_, _) => new(FailureAction.DeadLetter)));
        _ = script.Run(Handle);
        script.Put("a", "bad");

        await UntilAsync(() => script.HasCommitted(0));
        await script.StopAsync();

        Assert.AreEqual(1, _sink.Letters.Single().Attempts);
    }

    [TestMethod]
    public async Task Asking_for_a_letter_where_there_is_no_place_ends_the_run()
    {
        await using var script = await OpenAsync(new() { OnFailure = (_, _) => new(FailureAction.DeadLetter) });
        script.Put("a", "bad");

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => script.Run(Handle));

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.IsInstanceOfType<InvalidDataException>(error.InnerException);
        Assert.IsEmpty(script.Provider.Commits);
    }

    [TestMethod]
    public async Task In_the_pull_style_undecodable_bytes_become_a_letter_and_the_rest_comes()
    {
        await using var script = await OpenAsync(Options());
        script.Provider.Put("a", [0x77, 1]);
        script.Put("a", "good");

        await foreach (var message in script.Consumer.ReadAllAsync())
        {
            Assert.AreEqual("good", message.Message.TokenChunk.Text);
            message.Done();
            message.Done();
            break;
        }

        await script.StopAsync();
        Assert.HasCount(1, _sink.Letters);
        Assert.AreEqual(new StreamPosition(0, 1), script.Provider.Commits[^1]);
    }

    private void Handle(string text)
    {
        if (text == "bad")
        {
            throw new InvalidDataException("no");
        }

        _handled.Enqueue(text);
    }

    private DashStreamConsumerOptions Options(Action<DashStreamConsumerOptions>? change = null)
    {
        var options = new DashStreamConsumerOptions
        {
            Retry = new() { MaxAttempts = 2, BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) },
            DeadLetters = _sink,
        };
        change?.Invoke(options);
        return options;
    }

    private sealed class HangingSink(Task until) : IDeadLetterSink
    {
        public ValueTask StoreAsync(DeadLetter letter, CancellationToken cancellationToken = default) => new(until.WaitAsync(cancellationToken));
    }
}
