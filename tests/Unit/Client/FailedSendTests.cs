using DashStream.Protocol;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class FailedSendTests
{
    private readonly RecordingProvider _provider = new();
    private readonly KeptLetters _letters = new();
    private readonly ManualTime _time = new();

    [TestMethod]
    public async Task A_failed_send_leaves_a_letter_and_then_its_caller_gets_the_error()
    {
        await using var producer = await OpenAsync();
        _provider.Decide = _ => FailLater(new StreamException(StreamErrorKind.Timeout, "lost"));

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t", "hello")).AsTask());

        var letter = _letters.Single();
        Assert.AreEqual("lost", error.Message);
        Assert.AreSame(error, letter.Error);
        Assert.AreEqual((DeadLetterStage.Send, "events", "producer:default", "recording"), (letter.Stage, letter.SourceTopic, letter.ClientId, letter.ProviderName));
        Assert.AreSame(_provider.Records[0], letter.Record);
        Assert.AreEqual(("hello", 1ul), (letter.Message!.TokenChunk.Text, letter.Message.TokenChunk.Header.Sequence));
    }

    [TestMethod]
    public async Task A_failure_at_the_hand_over_spends_the_number_and_leaves_a_letter()
    {
        await using var producer = await OpenAsync();
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Transient, "torn"));
        await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t")).AsTask());
        _provider.Decide = null;

        Assert.AreEqual(2ul, (await producer.SendAsync(Chunk("t"))).Sequence);
        Assert.AreEqual(1ul, _letters.Single().Message!.TokenChunk.Header.Sequence);
    }

    [TestMethod]
    [DataRow(StreamErrorKind.TooLarge)]
    [DataRow(StreamErrorKind.InvalidRequest)]
    [DataRow(StreamErrorKind.Closed)]
    public async Task A_refusal_leaves_neither_a_letter_nor_a_gap(StreamErrorKind kind)
    {
        await using var producer = await OpenAsync();
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(kind, "refused"));
        await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t")).AsTask());
        _provider.Decide = null;

        Assert.AreEqual(1ul, (await producer.SendAsync(Chunk("t"))).Sequence);
        Assert.AreEqual(0, _letters.Count);
    }

    [TestMethod]
    public async Task An_error_of_the_sink_never_replaces_the_first_one()
    {
        var broken = new IOException("no room for letters");
        _letters.Store = _ => Task.FromException(broken);
        await using var producer = await OpenAsync();
        _provider.Decide = _ => FailLater(new StreamException(StreamErrorKind.Timeout, "lost"));

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t")).AsTask());

        Assert.AreEqual("lost", error.Message);
        Assert.AreSame(broken, error.Data[DashStreamProducerOptions.DeadLetterErrorKey]);
    }

    [TestMethod]
    public async Task Letters_are_bounded_and_none_is_dropped()
    {
        var (now, most) = (0, 0);
        var hold = new TaskCompletionSource();
        _letters.Store = async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await hold.Task;
            Interlocked.Decrement(ref now);
        };
        await using var producer = await OpenAsync(new() { MaxDeadLettersInFlight = 3 });
        _provider.Decide = _ => FailLater(new StreamException(StreamErrorKind.Timeout, "lost"));

        var sends = Enumerable.Range(0, 20).Select(_ => producer.SendAsync(Chunk("t")).AsTask()).ToArray();
        hold.SetResult();
        await Assert.ThrowsAsync<StreamException>(() => Task.WhenAll(sends));

        Assert.IsTrue(sends.All(send => send.IsFaulted));
        Assert.AreEqual(20, _letters.Count);
        Assert.IsLessThanOrEqualTo(3, most);
    }

    [TestMethod]
    public async Task A_flush_waits_for_the_letters_of_earlier_sends()
    {
        var hold = new TaskCompletionSource();
        _letters.Store = _ => hold.Task;
        await using var producer = await OpenAsync();
        _provider.Decide = _ => FailLater(new StreamException(StreamErrorKind.Timeout, "lost"));
        var send = producer.SendAsync(Chunk("t")).AsTask();

        var flush = producer.FlushAsync().AsTask();
        var early = flush.IsCompleted;
        hold.SetResult();
        await flush;

        Assert.IsFalse(early);
        await Assert.ThrowsAsync<StreamException>(() => send);
    }

    [TestMethod]
    public async Task A_caller_is_never_held_longer_than_the_send_may_take()
    {
        var stored = new TaskCompletionSource<StreamPosition>();
        await using var producer = await OpenAsync(new() { SendTimeout = TimeSpan.FromSeconds(2) });
        _provider.Decide = _ => stored.Task;
        var send = producer.SendAsync(Chunk("t")).AsTask();

        _time.Advance(TimeSpan.FromSeconds(2));

        var error = await Assert.ThrowsAsync<StreamException>(() => send);
        Assert.AreEqual(StreamErrorKind.Timeout, error.Kind);
        Assert.AreEqual(0, _letters.Count);
        stored.SetException(new StreamException(StreamErrorKind.Timeout, "lost"));
        await producer.FlushAsync();
        Assert.AreEqual(1, _letters.Count);
    }

    [TestMethod]
    public async Task The_deadline_counts_the_wait_for_room_too()
    {
        await using var producer = await OpenAsync(new() { SendTimeout = TimeSpan.FromSeconds(2), MaxWait = TimeSpan.FromSeconds(30) });
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Throttled, "full"));
        var send = producer.SendAsync(Chunk("t")).AsTask();

        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.AreEqual(StreamErrorKind.Throttled, (await Assert.ThrowsAsync<StreamException>(() => send)).Kind);
    }

    private static TokenChunk Chunk(string thread, string text = "x") => new() { Header = new Header { ThreadId = thread }, Text = text };

    private async Task<StreamPosition> FailLater(Exception error)
    {
        await Task.Yield();

        // Behind the provider's lock: what failed before it was taken in would count as refused.
        _ = _provider.Records;
        throw error;
    }

    private ValueTask<DashStreamProducer> OpenAsync(DashStreamProducerOptions? options = null)
    {
        options ??= new DashStreamProducerOptions();
        options.DeadLetters = _letters;
        return DashStreamProducer.OpenAsync(_provider, "events", options, _time);
    }
}
