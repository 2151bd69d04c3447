using DashStream.Protocol;
using DashStream.Sequencing;
using Google.Protobuf;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class DashStreamProducerTests
{
    private readonly RecordingProvider _provider = new();
    private readonly MessageCodec _codec = new();

    [TestMethod]
    public async Task Numbers_start_at_1_and_grow_by_1_in_each_thread()
    {
        await using var producer = await OpenAsync();

        var numbers = new List<ulong>();
        foreach (var thread in new[] { "a", "a", "b", "a", "b" })
        {
            numbers.Add((await producer.SendAsync(Chunk(thread))).Sequence);
        }

        CollectionAssert.AreEqual(new ulong[] { 1, 2, 1, 3, 2 }, numbers);
    }

    [TestMethod]
    public async Task What_is_unset_is_filled_in_on_a_copy()
    {
        await using var producer = await OpenAsync(new() { TenantId = "acme" });
        DashStreamMessage message = Chunk("t");
        var before = message.Clone();

        await producer.SendAsync(message);

        var header = MessageParts.HeaderOf(Sent(0))!;
        Assert.AreEqual(before, message);
        Assert.AreEqual("acme", header.TenantId);
        Assert.AreEqual(MessageType.TokenChunk, header.Type);
        Assert.AreEqual(1u, header.SchemaVersion);
        Assert.AreEqual(16, header.MessageId.Length);
        Assert.IsGreaterThan(0L, header.TimestampUs);
        Assert.AreEqual(header.TimestampUs, _provider.Records[0].TimestampUs);
    }

    [TestMethod]
    public async Task A_relayed_message_keeps_its_number_id_time_and_tenant()
    {
        await using var producer = await OpenAsync();
        var relayed = Chunk("t");
        relayed.Header.Sequence = 41;
        relayed.Header.TimestampUs = 123;
        relayed.Header.TenantId = "other";
        relayed.Header.MessageId = ByteString.CopyFrom(new byte[16]);
        relayed.Header.Type = MessageType.TokenChunk;
        relayed.Header.SchemaVersion = 1;

        var receipt = await producer.SendAsync(relayed);
        var own = await producer.SendAsync(Chunk("t"));

        Assert.AreEqual(relayed, Sent(0).TokenChunk);
        Assert.AreEqual(41ul, receipt.Sequence);
        Assert.AreEqual(1ul, own.Sequence);
    }

    [TestMethod]
    public async Task A_relayed_message_keeps_header_fields_of_a_newer_schema()
    {
        await using var producer = await OpenAsync();
        byte[] unknownField = [0xF8, 0x07, 0x2A];
        var known = new Header { MessageId = ByteString.CopyFrom(new byte[16]), ThreadId = "t", Sequence = 7 };
        var header = Header.Parser.ParseFrom([.. known.ToByteArray(), .. unknownField]);

        await producer.SendAsync(new TokenChunk { Header = header });

        CollectionAssert.IsSubsetOf(unknownField, Sent(0).TokenChunk.Header.ToByteArray());
        Assert.AreEqual(7ul, Sent(0).TokenChunk.Header.Sequence);
    }

    [TestMethod]
    public async Task A_refused_message_leaves_no_gap()
    {
        await using var producer = await OpenAsync(new() { Codec = new() { MaxMessageBytes = 200 } });
        await producer.SendAsync(Chunk("t"));

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t", new string('x', 500))).AsTask());

        Assert.AreEqual(StreamErrorKind.TooLarge, error.Kind);
        Assert.AreEqual(2ul, (await producer.SendAsync(Chunk("t"))).Sequence);
    }

    [TestMethod]
    public async Task The_number_of_a_send_that_failed_is_never_used_again()
    {
        await using var producer = await OpenAsync();
        _provider.Decide = _ => Task.Run(async () =>
        {
            await Task.Yield();
            return await Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Timeout, "lost"));
        });
        var lost = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t")).AsTask());
        _provider.Decide = null;

        var next = await producer.SendAsync(Chunk("t"));

        Assert.AreEqual(StreamErrorKind.Timeout, lost.Kind);
        Assert.AreEqual(2ul, next.Sequence);
    }

    [TestMethod]
    [DataRow("no body")]
    [DataRow("no header")]
    [DataRow("blank thread")]
    [DataRow("short id")]
    public async Task What_cannot_be_a_message_is_refused_with_the_reason(string fault)
    {
        await using var producer = await OpenAsync();
        DashStreamMessage message = fault switch
        {
            "no body" => new DashStreamMessage(),
            "no header" => new Event(),
            "blank thread" => Chunk(" "),
            _ => new TokenChunk { Header = new() { ThreadId = "t", MessageId = ByteString.CopyFromUtf8("short") } },
        };

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(message).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.IsEmpty(_provider.Records);
    }

    [TestMethod]
    public async Task Unawaited_sends_of_many_threads_at_once_reach_the_provider_in_number_order()
    {
        await using var producer = await OpenAsync();
        var sends = Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
            Enumerable.Range(0, 500).Select(i => producer.SendAsync(Chunk($"t{i % 3}")).AsTask()).ToArray()));

        await Task.WhenAll((await Task.WhenAll(sends)).SelectMany(tasks => tasks));

        foreach (var thread in Enumerable.Range(0, _provider.Records.Count).Select(Sent).Select(MessageParts.HeaderOf).GroupBy(header => header!.ThreadId))
        {
            CollectionAssert.AreEqual(Enumerable.Range(1, thread.Count()).Select(i => (ulong)i).ToArray(), thread.Select(header => header!.Sequence).ToArray());
        }
    }

    [TestMethod]
    public async Task Sends_that_find_no_room_wait_and_keep_the_order_of_the_calls()
    {
        await using var producer = await OpenAsync(new() { MaxInFlightBytes = 1024 });
        var open = new TaskCompletionSource();
        _provider.Decide = _ => StoreWhen(open.Task);

        var sends = Enumerable.Range(0, 100).Select(i => producer.SendAsync(Chunk("t", $"{i}")).AsTask()).ToArray();
        var sentBefore = _provider.Records.Count;
        open.SetResult();
        await Task.WhenAll(sends);

        Assert.IsLessThan(100, sentBefore);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 100).Select(i => $"{i}").ToArray(), Enumerable.Range(0, 100).Select(i => Sent(i).TokenChunk.Text).ToArray());
    }

    [TestMethod]
    public async Task A_full_provider_is_tried_again_and_nothing_is_overtaken()
    {
        await using var producer = await OpenAsync();
        var calls = 0;
        _provider.Decide = _ => ++calls % 3 == 0
            ? null
            : Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Throttled, "full"));

        var receipts = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => producer.SendAsync(Chunk("t", $"{i}")).AsTask()));

        CollectionAssert.AreEqual(Enumerable.Range(1, 20).Select(i => (ulong)i).ToArray(), receipts.Select(receipt => receipt.Sequence).ToArray());
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 20).Select(i => $"{i}").ToArray(), Enumerable.Range(0, 20).Select(i => Sent(i).TokenChunk.Text).ToArray());
    }

    [TestMethod]
    public async Task A_send_that_never_finds_room_fails_in_time_and_is_not_stored()
    {
        await using var producer = await OpenAsync(new() { MaxWait = TimeSpan.FromMilliseconds(50) });
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Throttled, "full"));

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t")).AsTask());
        _provider.Decide = null;

        Assert.AreEqual(StreamErrorKind.Throttled, error.Kind);
        Assert.AreEqual(1ul, (await producer.SendAsync(Chunk("t"))).Sequence);
        Assert.HasCount(1, _provider.Records);
    }

    [TestMethod]
    public async Task A_waiting_send_can_be_cancelled_and_those_behind_it_go_on()
    {
        await using var producer = await OpenAsync();
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Throttled, "full"));
        using var cancel = new CancellationTokenSource();
        var first = producer.SendAsync(Chunk("t", "first"), cancel.Token).AsTask();
        var second = producer.SendAsync(Chunk("t", "second")).AsTask();

        await cancel.CancelAsync();
        _provider.Decide = null;

        await Assert.ThrowsAsync<OperationCanceledException>(() => first);
        Assert.AreEqual(1ul, (await second).Sequence);
        Assert.AreEqual("second", Sent(0).TokenChunk.Text);
    }

    [TestMethod]
    public async Task Events_in_a_batch_are_numbered_and_the_batch_is_not()
    {
        await using var producer = await OpenAsync();
        await producer.SendAsync(Chunk("t"));
        var batch = new EventBatch { Header = new() { ThreadId = "t" }, Events = { new Event(), new Event { Header = new() { Sequence = 90 } }, new Event() } };

        var receipt = await producer.SendAsync(batch);
        var next = await producer.SendAsync(Chunk("t"));

        Assert.AreEqual(0ul, receipt.Sequence);
        CollectionAssert.AreEqual(new ulong[] { 2, 90, 3 }, Sent(1).EventBatch.Events.Select(e => e.Header.Sequence).ToArray());
        Assert.IsTrue(Sent(1).EventBatch.Events.All(e => e.Header.ThreadId == "t" && e.Header.MessageId.Length == 16));
        Assert.AreEqual(4ul, next.Sequence);
        Assert.IsNull(batch.Events[0].Header);
    }

    [TestMethod]
    public async Task A_batch_reports_each_message_by_itself()
    {
        await using var producer = await OpenAsync();

        var results = await producer.SendBatchAsync([Chunk("t"), new DashStreamMessage(), Chunk("t")]);
        var none = await producer.SendBatchAsync([]);

        Assert.IsEmpty(none);
        CollectionAssert.AreEqual(new[] { true, false, true }, results.Select(result => result.IsStored).ToArray());
        Assert.AreEqual(2ul, results[2].Receipt.Sequence);
    }

    [TestMethod]
    public async Task A_batch_larger_than_what_may_wait_is_stored_whole_and_in_order()
    {
        await using var producer = await OpenAsync(new() { MaxInFlightBytes = 1024, MaxWaitingSends = 3 });
        _provider.Decide = _ => StoreLater();

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 200).Select(i => (DashStreamMessage)Chunk("t", $"{i}"))]);

        Assert.IsTrue(results.All(result => result.IsStored), results.FirstOrDefault(result => !result.IsStored).Error?.Message);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 200).Select(i => $"{i}").ToArray(), Enumerable.Range(0, 200).Select(i => Sent(i).TokenChunk.Text).ToArray());
    }

    [TestMethod]
    public async Task Every_open_has_an_identity_of_its_own_and_keys_are_thread_ids()
    {
        await using var first = await OpenAsync();
        await using var second = await OpenAsync();
        await first.SendAsync(Chunk("t"));
        await second.SendAsync(Chunk("t"));

        var identities = _provider.Records.Select((record, i) => MessageParts.ProducerOf(record, MessageParts.HeaderOf(Sent(i)))).ToArray();

        Assert.AreNotEqual(identities[0], identities[1]);
        Assert.IsTrue("t"u8.SequenceEqual(_provider.Records[0].Key.Span));
    }

    [TestMethod]
    public async Task A_stopped_producer_refuses_and_fails_whoever_waits()
    {
        var producer = await OpenAsync();
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Throttled, "full"));
        var waiting = producer.SendAsync(Chunk("t")).AsTask();

        await producer.StopAsync(TimeSpan.FromSeconds(1));

        Assert.AreEqual(StreamErrorKind.Closed, (await Assert.ThrowsAsync<StreamException>(() => waiting)).Kind);
        Assert.AreEqual(StreamErrorKind.Closed, (await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk("t")).AsTask())).Kind);
    }

    [TestMethod]
    public async Task Options_out_of_range_are_named_with_their_range()
    {
        var error = await Assert.ThrowsAsync<StreamException>(() => OpenAsync(new() { MaxLanes = 0, TenantId = " " }).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        StringAssert.Contains(error.Message, "MaxLanes is 0; the least is 1");
        StringAssert.Contains(error.Message, "TenantId is blank");
    }

    private ValueTask<DashStreamProducer> OpenAsync(DashStreamProducerOptions? options = null) => DashStreamProducer.OpenAsync(_provider, "events", options);

    private DashStreamMessage Sent(int index) => _codec.Decode(_provider.Records[index].Value!.Value);

    private static async Task<StreamPosition> StoreLater()
    {
        await Task.Yield();
        return new StreamPosition(0, 0);
    }

    private static async Task<StreamPosition> StoreWhen(Task open)
    {
        await open;
        return new StreamPosition(0, 0);
    }

    private static TokenChunk Chunk(string thread, string text = "hi") => new() { Header = new() { ThreadId = thread }, Text = text };
}
