using DashStream.Stores;
using static DashStream.Tests.Stores.ProducerFixture;

namespace DashStream.Tests.Stores;

[TestClass]
public sealed class BatchingProducerTests
{
    private readonly ProducerFixture _fixture = new();

    [TestMethod]
    public async Task Sends_lie_in_the_order_of_their_calls()
    {
        await using var producer = await _fixture.OpenAsync();

        var sends = Enumerable.Range(0, 5000).Select(i => producer.SendAsync(Record("key", i.ToString())).AsTask()).ToArray();
        var positions = await Task.WhenAll(sends);

        CollectionAssert.AreEqual(Enumerable.Range(0, 5000).Select(i => i.ToString()).ToArray(), await _fixture.ValuesAsync());
        CollectionAssert.AreEqual(Enumerable.Range(0, 5000).Select(i => new StreamPosition(0, (UInt128)i)).ToArray(), positions);
    }

    [TestMethod]
    public async Task While_one_batch_is_stored_the_next_gathers()
    {
        var gate = new TaskCompletionSource();
        _fixture.Store.OnAppend = (_, earlier, _) => earlier == 0 ? new ValueTask(gate.Task) : default;
        await using var producer = await _fixture.OpenAsync();

        var sends = new List<Task> { producer.SendAsync(Record("k", "0")).AsTask() };
        await Until(() => _fixture.Store.Appends == 1);
        sends.AddRange(Enumerable.Range(1, 500).Select(i => producer.SendAsync(Record("k", i.ToString())).AsTask()));
        gate.SetResult();
        await Task.WhenAll(sends);

        Assert.AreEqual(2, _fixture.Store.Appends);
    }

    [TestMethod]
    public async Task A_full_queue_refuses_at_once_and_keeps_nothing()
    {
        var gate = new TaskCompletionSource();
        _fixture.Store.OnAppend = (_, _, _) => new ValueTask(gate.Task);
        _fixture.Options.MaxRecordBytes = 1024;
        _fixture.Options.MaxPendingBytes = 1024;
        await using var producer = await _fixture.OpenAsync();

        var first = producer.SendAsync(Record("k", new string('a', 1000))).AsTask();
        var refused = producer.SendAsync(Record("k", new string('b', 100))).AsTask();
        Assert.IsTrue(refused.IsCompleted);
        await ThrowsAsync(StreamErrorKind.Throttled, refused);
        gate.SetResult();
        await first;
        await producer.SendAsync(Record("k", new string('c', 1000)));

        CollectionAssert.AreEqual(new[] { 'a', 'c' }, (await _fixture.ValuesAsync()).Select(value => value[0]).ToArray());
    }

    [TestMethod]
    public async Task A_batch_beyond_the_room_waits_inside_in_order()
    {
        _fixture.Options.MaxRecordBytes = 1024;
        _fixture.Options.MaxPendingBytes = 1024;
        _fixture.Options.MaxBatchBytes = 1024;
        await using var producer = await _fixture.OpenAsync();

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 500).Select(i => Record("k", i.ToString("D100")))]);

        Assert.IsTrue(results.All(result => result.IsStored));
        CollectionAssert.AreEqual(Enumerable.Range(0, 500).Select(i => i.ToString("D100")).ToArray(), await _fixture.ValuesAsync());
    }

    [TestMethod]
    public async Task Results_of_a_batch_are_aligned_with_its_records()
    {
        _fixture.Options.MaxRecordBytes = 1024;
        await using var producer = await _fixture.OpenAsync(partitions: 2);

        var results = await producer.SendBatchAsync(
            [Record("", "a", target: 1), Record("k", new string('x', 2000)), Record("", "b", target: 7), Record("", "c", target: 1)]);

        Assert.AreEqual(new StreamPosition(1, 0), results[0].Position);
        Assert.AreEqual(StreamErrorKind.TooLarge, results[1].Error!.Kind);
        Assert.AreEqual(StreamErrorKind.InvalidRequest, results[2].Error!.Kind);
        Assert.AreEqual(new StreamPosition(1, 1), results[3].Position);
        Assert.AreEqual(new FlushReceipt(2, 2, 0), await producer.FlushAsync());
        Assert.IsEmpty(await producer.SendBatchAsync([]));
    }

    [TestMethod]
    public async Task A_record_over_the_limit_is_refused_with_both_sizes()
    {
        _fixture.Options.MaxRecordBytes = 1024;
        await using var producer = await _fixture.OpenAsync();

        var error = await ThrowsAsync(StreamErrorKind.TooLarge, producer.SendAsync(Record("k", new string('x', 1024))).AsTask());
        await producer.SendAsync(Record("k", new string('x', 1023)));

        StringAssert.Contains(error.Message, "1025");
        StringAssert.Contains(error.Message, "1024");
    }

    [TestMethod]
    public async Task Cancelling_stops_the_waiting_and_not_the_record()
    {
        var gate = new TaskCompletionSource();
        _fixture.Store.OnAppend = (_, _, _) => new ValueTask(gate.Task);
        await using var producer = await _fixture.OpenAsync();
        using var cancel = new CancellationTokenSource();

        var send = producer.SendAsync(Record("k", "1"), cancel.Token).AsTask();
        var batch = producer.SendBatchAsync([Record("k", "2")], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => send);
        await Assert.ThrowsAsync<OperationCanceledException>(() => batch);
        gate.SetResult();
        await producer.FlushAsync();

        CollectionAssert.AreEqual(new[] { "1", "2" }, await _fixture.ValuesAsync());
        Assert.IsTrue(producer.SendAsync(Record("k", "3"), cancel.Token).AsTask().IsCanceled);
    }

    [TestMethod]
    public async Task A_flush_waits_for_earlier_sends_only()
    {
        var gate = new TaskCompletionSource();
        var later = new TaskCompletionSource();
        _fixture.Options.MaxBatchRecords = 2;
        _fixture.Store.OnAppend = (_, earlier, _) => new ValueTask(earlier == 0 ? gate.Task : later.Task);
        await using var producer = await _fixture.OpenAsync();

        var batch = producer.SendBatchAsync([Record("k", "1"), Record("k", "2")]).AsTask();
        var flush = producer.FlushAsync().AsTask();
        var third = producer.SendAsync(Record("k", "3")).AsTask();
        Assert.IsFalse(flush.IsCompleted);
        gate.SetResult();

        Assert.AreEqual(new FlushReceipt(2, 0, 0), await flush);
        later.SetResult();
        await third;
        await batch;
        Assert.AreEqual(new FlushReceipt(1, 0, 0), await producer.FlushAsync());
    }

    [TestMethod]
    public async Task Records_without_a_key_spread_and_those_without_a_time_get_one()
    {
        await using var producer = await _fixture.OpenAsync(partitions: 4);

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 200).Select(i => Record("", i.ToString()))]);
        var stored = await _fixture.Store.ReadAsync(Topic, 0, 0, 1, 1024, default);

        Assert.HasCount(4, results.Select(result => result.Position.Partition).Distinct());
        Assert.AreEqual(_fixture.Time.NowUs, stored[0].TimestampUs);
    }

    [TestMethod]
    public async Task A_continuation_that_blocks_does_not_stop_the_writer()
    {
        await using var producer = await _fixture.OpenAsync();

        var first = BlockOnAnotherSendAsync(producer);

        await first.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [TestMethod]
    public async Task Awaited_sends_allocate_next_to_nothing()
    {
        await using var producer = await _fixture.OpenAsync();
        var record = Record("k", "v");
        for (var i = 0; i < 1000; i++)
        {
            await producer.SendAsync(record);
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < 1000; i++)
        {
            await producer.SendAsync(record);
        }

        // The store's own copy of the record is most of it.
        Assert.IsLessThan(1000, (GC.GetTotalAllocatedBytes(precise: true) - before) / 1000);
    }

    private static async Task BlockOnAnotherSendAsync(BatchingProducer producer)
    {
        await producer.SendAsync(Record("k", "1")).ConfigureAwait(false);
#pragma warning disable CA1849 // blocking is the point: careless callers do it
        producer.SendAsync(Record("k", "2")).AsTask().GetAwaiter().GetResult();
#pragma warning restore CA1849
    }
}
