using System.Runtime.CompilerServices;
using DashStream.Client;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class SentMessageTests
{
    private const int Bytes = 100;

    private static readonly StreamPosition Position = new(2, ((UInt128)3 << 64) + 4);

    private readonly SendQueue _queue = new(maxBytes: 1, maxWaiting: 0, new ManualTime());

    [TestMethod]
    public async Task Whoever_awaits_is_told_where_the_message_is()
    {
        var sent = Start();
        var waiting = sent.Task.AsTask();
        sent.Decided(Position, error: null);

        var receipt = await waiting;
        Assert.AreEqual((Position, 7UL), (receipt.Position, receipt.Sequence));
    }

    [TestMethod]
    public async Task A_cancellation_ends_the_waiting_and_the_outcome_is_counted_all_the_same()
    {
        using var source = new CancellationTokenSource();
        var sent = Start(source.Token);
        var waiting = sent.Task.AsTask();
        await source.CancelAsync();

        var cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
        Assert.AreEqual(source.Token, cancelled.CancellationToken);
        Assert.IsFalse(_queue.IsOpen, "Its bytes are on their way until the provider has decided.");

        sent.Decided(Position, error: null);
        Assert.IsTrue(_queue.IsOpen);
    }

    [TestMethod]
    public async Task A_cancellation_that_comes_after_the_outcome_changes_nothing()
    {
        using var source = new CancellationTokenSource();
        var sent = Start(source.Token);
        sent.Decided(default, new StreamException(StreamErrorKind.Full, "no room"));
        await source.CancelAsync();

        var error = await Assert.ThrowsAsync<StreamException>(() => sent.Task.AsTask());
        Assert.AreEqual(StreamErrorKind.Full, error.Kind);
    }

    [TestMethod]
    public async Task An_outcome_may_come_before_anybody_listens_for_a_cancellation()
    {
        using var source = new CancellationTokenSource();
        var sent = new SentMessage(_queue, sequence: 7, Bytes);
        sent.Decided(Position, error: null);
        sent.ListenTo(source.Token);
        await source.CancelAsync();

        Assert.AreEqual(Position, (await sent.Task).Position);
    }

    [TestMethod]
    public async Task Outcomes_and_cancellations_that_meet_settle_each_message_once()
    {
        for (var i = 0; i < 2_000; i++)
        {
            using var source = new CancellationTokenSource();
            var sent = new SentMessage(_queue, sequence: 7, Bytes);
            await Task.WhenAll(Task.Run(() => sent.ListenTo(source.Token)), Task.Run(() => sent.Decided(Position, error: null)), Task.Run(source.Cancel));

            var waiting = sent.Task.AsTask();
            await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Assert.IsTrue(waiting.IsCanceled || waiting.Result.Position == Position);
        }
    }

    [TestMethod]
    public void A_token_that_lives_on_does_not_keep_decided_messages_that_nobody_awaits()
    {
        using var source = new CancellationTokenSource();
        var forgotten = StartAndForget(source.Token);
        GC.Collect();

        Assert.IsFalse(forgotten.IsAlive);
        GC.KeepAlive(source);
    }

    private SentMessage Start(CancellationToken cancellationToken = default)
    {
        _queue.Add(Bytes);
        var sent = new SentMessage(_queue, sequence: 7, Bytes);
        sent.ListenTo(cancellationToken);
        return sent;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference StartAndForget(CancellationToken cancellationToken)
    {
        var sent = Start(cancellationToken);
        sent.Decided(Position, error: null);
        return new WeakReference(sent);
    }
}
