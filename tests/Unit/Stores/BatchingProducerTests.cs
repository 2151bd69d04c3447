using System.Text;
using DashStream.Providers;
using DashStream.Stores;

namespace DashStream.Tests.Stores;

[TestClass]
public sealed class BatchingProducerTests
{
    private const string Topic = "events";

    private readonly ManualTime _time = new();
    private readonly LogProviderOptions _options = new() { SendTimeout = TimeSpan.FromSeconds(10) };
    private FaultyLogStore _store = null!;

    [TestInitialize]
    public void MakeStore() => _store = new FaultyLogStore(_time);

    [TestMethod]
    public async Task Sends_lie_in_the_order_of_their_calls()
    {
        await using var producer = await OpenAsync();

        var sends = Enumerable.Range(0, 5000).Select(i => producer.SendAsync(Record("key", i.ToString())).AsTask()).ToArray();
        var positions = await Task.WhenAll(sends);

        CollectionAssert.AreEqual(Enumerable.Range(0, 5000).Select(i => i.ToString()).ToArray(), await ValuesAsync());
        CollectionAssert.AreEqual(Enumerable.Range(0, 5000).Select(i => new StreamPosition(0, (UInt128)i)).ToArray(), positions);
    }

    [TestMethod]
    public async Task While_one_batch_is_stored_the_next_gathers()
    {
        var gate = new TaskCompletionSource();
        _store.OnAppend = (_, earlier, _) => earlier == 0 ? new ValueTask(gate.Task) : default;
        await using var producer = await OpenAsync();

        var sends = new List<Task> { producer.SendAsync(Record("k", "0")).AsTask() };
        await Until(() => _store.Appends == 1);
        sends.AddRange(Enumerable.Range(1, 500).Select(i => producer.SendAsync(Record("k", i.ToString())).AsTask()));
        gate.SetResult();
        await Task.WhenAll(sends);

        Assert.AreEqual(2, _store.Appends);
    }

    [TestMethod]
    public async Task Transient_failures_are_retried_in_place_so_that_nothing_overtakes()
    {
        _store.OnAppend = (_, earlier, _) => earlier < 3 ? throw new StreamException(StreamErrorKind.Transient, "locked") : default;
        await using var producer = await OpenAsync();

        var sends = Enumerable.Range(0, 100).Select(i => producer.SendAsync(Record("k", i.ToString())).AsTask()).ToArray();
        var all = Task.WhenAll(sends);
        await _time.AdvanceUntilAsync(() => all.IsCompleted, TimeSpan.FromMilliseconds(20));

        await all;
        CollectionAssert.AreEqual(Enumerable.Range(0, 100).Select(i => i.ToString()).ToArray(), await ValuesAsync());
    }

    [TestMethod]
    public async Task A_retry_carries_the_same_batch_and_numbers()
    {
        var seen = new List<(AppendBatch Batch, long First, int Count)>();
        _store.OnAppend = (batch, earlier, _) =>
        {
            seen.Add((batch, batch.SequenceAt(0), batch.Count));
            return earlier == 0 ? throw new StreamException(StreamErrorKind.Transient, "locked") : default;
        };
        await using var producer = await OpenAsync();

        var send = producer.SendAsync(Record("k", "v")).AsTask();
        await _time.AdvanceUntilAsync(() => send.IsCompleted, TimeSpan.FromMilliseconds(20));

        Assert.HasCount(2, seen);
        Assert.AreEqual(seen[0], seen[1]);
    }

    [TestMethod]
    public async Task A_send_that_cannot_be_stored_times_out_with_the_last_cause()
    {
        var cause = new StreamException(StreamErrorKind.Transient, "locked");
        _store.OnAppend = (_, _, _) => throw cause;
        await using var producer = await OpenAsync();

        var send = producer.SendAsync(Record("k", "v")).AsTask();
        await _time.AdvanceUntilAsync(() => send.IsCompleted, TimeSpan.FromMilliseconds(500));

        var error = await ThrowsAsync(StreamErrorKind.Timeout, send);
        Assert.AreSame(cause, error.InnerException);
        StringAssert.Contains(error.Message, "00:00:10");
    }

    [TestMethod]
    public async Task A_time_out_takes_only_what_is_due()
    {
        var broken = true;
        _store.OnAppend = (_, _, _) => broken ? throw new StreamException(StreamErrorKind.Transient, "locked") : default;
        await using var producer = await OpenAsync();

        var old = producer.SendAsync(Record("k", "old")).AsTask();
        await Until(() => _store.Appends > 0);
        _time.Advance(TimeSpan.FromSeconds(8));
        var young = producer.SendAsync(Record("k", "young")).AsTask();
        await _time.AdvanceUntilAsync(() => old.IsCompleted, TimeSpan.FromMilliseconds(100));
        broken = false;
        await _time.AdvanceUntilAsync(() => young.IsCompleted, TimeSpan.FromMilliseconds(100));

        await ThrowsAsync(StreamErrorKind.Timeout, old);
        await young;
        CollectionAssert.AreEqual(new[] { "young" }, await ValuesAsync());
    }

    [TestMethod]
    public async Task A_store_that_never_returns_does_not_hold_its_callers_or_the_stop()
    {
        _store.OnAppend = (_, _, _) => new ValueTask(new TaskCompletionSource().Task);
        var producer = await OpenAsync();

        var first = producer.SendAsync(Record("k", "1")).AsTask();
        await Until(() => _store.Appends == 1);
        var second = producer.SendAsync(Record("k", "2")).AsTask();
        _time.Advance(_options.SendTimeout);
        await ThrowsAsync(StreamErrorKind.Timeout, first);
        await ThrowsAsync(StreamErrorKind.Timeout, second);
        var third = producer.SendAsync(Record("k", "3")).AsTask();
        var stop = producer.StopAsync(TimeSpan.FromSeconds(1)).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.AreEqual(new FlushReceipt(Stored: 0, Failed: 2, Pending: 1), await stop);
        await ThrowsAsync(StreamErrorKind.Closed, third);
        Assert.AreEqual(0, _time.ArmedTimers);
    }

    [TestMethod]
    public async Task A_store_that_heeds_its_token_goes_on_after_a_time_out()
    {
        _store.OnAppend = (_, earlier, token) => earlier == 0 ? new ValueTask(Task.Delay(Timeout.Infinite, token)) : default;
        await using var producer = await OpenAsync();

        var first = producer.SendAsync(Record("k", "1")).AsTask();
        await Until(() => _store.Appends == 1);
        _time.Advance(_options.SendTimeout);
        await ThrowsAsync(StreamErrorKind.Timeout, first);
        await producer.SendAsync(Record("k", "2"));

        CollectionAssert.AreEqual(new[] { "2" }, await ValuesAsync());
    }

    [TestMethod]
    public async Task One_bad_record_does_not_fail_the_others()
    {
        _store.OnAppend = (batch, _, _) => Values(batch).Contains("bad") ? throw new StreamException(StreamErrorKind.InvalidRequest, "bad") : default;
        await using var producer = await OpenAsync();

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 9).Select(i => Record("k", i == 4 ? "bad" : i.ToString()))]);

        CollectionAssert.AreEqual(new[] { "0", "1", "2", "3", "5", "6", "7", "8" }, await ValuesAsync());
        Assert.AreEqual(StreamErrorKind.InvalidRequest, results[4].Error!.Kind);
        Assert.AreEqual(8, results.Count(result => result.IsStored));
        Assert.AreEqual(new StreamPosition(0, 7), results[8].Position);
    }

    [TestMethod]
    public async Task An_error_that_the_store_does_not_classify_is_fatal_for_the_send_and_keeps_its_cause()
    {
        var cause = new IOException("unplugged");
        _store.OnAppend = (_, _, _) => throw cause;
        await using var producer = await OpenAsync();

        var error = await ThrowsAsync(StreamErrorKind.Fatal, producer.SendAsync(Record("k", "v")).AsTask());

        Assert.AreSame(cause, error.InnerException);
    }

    [TestMethod]
    public async Task When_a_partition_is_full_the_others_go_on()
    {
        _store.OnAppend = (batch, _, _) => Enumerable.Range(0, batch.Count).Any(i => batch.PartitionAt(i) == 1)
            ? throw new StreamException(StreamErrorKind.Full, "full") : default;
        await using var producer = await OpenAsync(partitions: 2);

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 100).Select(i => Record("", i.ToString(), i % 2))]);
        var after = await producer.SendAsync(Record("", "more", target: 0));

        Assert.IsTrue(results.Where((_, i) => i % 2 == 0).All(result => result.IsStored));
        Assert.IsTrue(results.Where((_, i) => i % 2 == 1).All(result => result.Error?.Kind == StreamErrorKind.Full));
        Assert.AreEqual(new StreamPosition(0, 50), after);
        Assert.IsLessThan(250, _store.Appends);
    }

    [TestMethod]
    public async Task A_full_queue_refuses_at_once_and_keeps_nothing()
    {
        var gate = new TaskCompletionSource();
        _store.OnAppend = (_, _, _) => new ValueTask(gate.Task);
        _options.MaxRecordBytes = 1024;
        _options.MaxPendingBytes = 1024;
        await using var producer = await OpenAsync();

        var first = producer.SendAsync(Record("k", new string('a', 1000))).AsTask();
        var refused = producer.SendAsync(Record("k", new string('b', 100))).AsTask();
        Assert.IsTrue(refused.IsCompleted);
        await ThrowsAsync(StreamErrorKind.Throttled, refused);
        gate.SetResult();
        await first;
        await producer.SendAsync(Record("k", new string('c', 1000)));

        CollectionAssert.AreEqual(new[] { 'a', 'c' }, (await ValuesAsync()).Select(value => value[0]).ToArray());
    }

    [TestMethod]
    public async Task A_batch_beyond_the_room_waits_inside_in_order()
    {
        _options.MaxRecordBytes = 1024;
        _options.MaxPendingBytes = 1024;
        _options.MaxBatchBytes = 1024;
        await using var producer = await OpenAsync();

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 500).Select(i => Record("k", i.ToString("D100")))]);

        Assert.IsTrue(results.All(result => result.IsStored));
        CollectionAssert.AreEqual(Enumerable.Range(0, 500).Select(i => i.ToString("D100")).ToArray(), await ValuesAsync());
    }

    [TestMethod]
    public async Task Waiting_for_room_does_not_count_against_the_time_out_while_there_is_progress()
    {
        _options.MaxRecordBytes = 1024;
        _options.MaxPendingBytes = 1024;
        _options.MaxBatchRecords = 1;
        _store.OnAppend = (_, _, _) =>
        {
            _time.Advance(TimeSpan.FromSeconds(9));
            return default;
        };
        await using var producer = await OpenAsync();

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 5).Select(_ => Record("k", new string('a', 1000)))]);

        Assert.IsTrue(results.All(result => result.IsStored));
    }

    [TestMethod]
    public async Task Results_of_a_batch_are_aligned_with_its_records()
    {
        _options.MaxRecordBytes = 1024;
        await using var producer = await OpenAsync(partitions: 2);

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
        _options.MaxRecordBytes = 1024;
        await using var producer = await OpenAsync();

        var error = await ThrowsAsync(StreamErrorKind.TooLarge, producer.SendAsync(Record("k", new string('x', 1024))).AsTask());
        await producer.SendAsync(Record("k", new string('x', 1023)));

        StringAssert.Contains(error.Message, "1025");
        StringAssert.Contains(error.Message, "1024");
    }

    [TestMethod]
    public async Task Cancelling_stops_the_waiting_and_not_the_record()
    {
        var gate = new TaskCompletionSource();
        _store.OnAppend = (_, _, _) => new ValueTask(gate.Task);
        await using var producer = await OpenAsync();
        using var cancel = new CancellationTokenSource();

        var send = producer.SendAsync(Record("k", "1"), cancel.Token).AsTask();
        var batch = producer.SendBatchAsync([Record("k", "2")], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => send);
        await Assert.ThrowsAsync<OperationCanceledException>(() => batch);
        gate.SetResult();
        await producer.FlushAsync();

        CollectionAssert.AreEqual(new[] { "1", "2" }, await ValuesAsync());
        Assert.IsTrue(producer.SendAsync(Record("k", "3"), cancel.Token).AsTask().IsCanceled);
    }

    [TestMethod]
    public async Task A_stop_finishes_what_it_can_and_fails_the_rest_as_closed()
    {
        var gate = new TaskCompletionSource();
        _store.OnAppend = (_, earlier, token) => earlier == 1 ? new ValueTask(gate.Task.WaitAsync(token)) : default;
        var producer = await OpenAsync();

        await producer.SendAsync(Record("k", "stored"));
        var stuck = producer.SendAsync(Record("k", "stuck")).AsTask();
        var batch = producer.SendBatchAsync([Record("k", "a"), Record("k", "b")]).AsTask();
        var flush = producer.FlushAsync().AsTask();
        var stop = producer.StopAsync(TimeSpan.FromSeconds(2)).AsTask();
        await ThrowsAsync(StreamErrorKind.Closed, producer.SendAsync(Record("k", "late")).AsTask());
        await Until(() => _store.Appends == 2);
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.AreEqual(new FlushReceipt(Stored: 1, Failed: 0, Pending: 3), await stop);
        Assert.AreEqual(await stop, await flush);
        Assert.AreEqual(await stop, await producer.StopAsync(TimeSpan.Zero));
        await ThrowsAsync(StreamErrorKind.Closed, stuck);
        Assert.IsTrue((await batch).All(result => result.Error?.Kind == StreamErrorKind.Closed));
    }

    [TestMethod]
    public async Task A_flush_waits_for_earlier_sends_only()
    {
        var gate = new TaskCompletionSource();
        var later = new TaskCompletionSource();
        _options.MaxBatchRecords = 2;
        _store.OnAppend = (_, earlier, _) => new ValueTask(earlier == 0 ? gate.Task : later.Task);
        await using var producer = await OpenAsync();

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
        await using var producer = await OpenAsync(partitions: 4);

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 200).Select(i => Record("", i.ToString()))]);
        var stored = await _store.ReadAsync(Topic, 0, 0, 1, 1024, default);

        Assert.HasCount(4, results.Select(result => result.Position.Partition).Distinct());
        Assert.AreEqual(_time.NowUs, stored[0].TimestampUs);
    }

    [TestMethod]
    public async Task A_continuation_that_blocks_does_not_stop_the_writer()
    {
        await using var producer = await OpenAsync();

        var first = BlockOnAnotherSendAsync(producer);

        await first.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [TestMethod]
    public async Task Awaited_sends_allocate_next_to_nothing()
    {
        await using var producer = await OpenAsync();
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

    private async Task<BatchingProducer> OpenAsync(int partitions = 1)
    {
        var spec = new TopicSpec(Topic, partitions);
        await _store.TryCreateTopicAsync(spec, default);
        return new BatchingProducer(_store, spec, _options.MaxRecordBytes, _options, _time, new Random(1));
    }

    private async Task<string[]> ValuesAsync()
    {
        var records = await _store.ReadAsync(Topic, 0, 0, int.MaxValue, int.MaxValue, default);
        return [.. records.Select(record => Encoding.UTF8.GetString(record.Value!.Value.Span))];
    }

    private static async Task BlockOnAnotherSendAsync(BatchingProducer producer)
    {
        await producer.SendAsync(Record("k", "1")).ConfigureAwait(false);
#pragma warning disable CA1849 // blocking is the point: careless callers do it
        producer.SendAsync(Record("k", "2")).AsTask().GetAwaiter().GetResult();
#pragma warning restore CA1849
    }

    private static string[] Values(AppendBatch batch) =>
        Enumerable.Range(0, batch.Count).Select(i => Encoding.UTF8.GetString(batch.RecordAt(i).Value!.Value.Span)).ToArray();

    private static StreamRecord Record(string key, string value, int? target = null) =>
        new(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value)) { TargetPartition = target };

    private static async Task<StreamException> ThrowsAsync(StreamErrorKind kind, Task task)
    {
        var error = await Assert.ThrowsAsync<StreamException>(() => task.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.AreEqual(kind, error.Kind, error.Message);
        return error;
    }

    private static async Task Until(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(1, limit.Token);
        }
    }
}
