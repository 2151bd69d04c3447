using DashStream.Stores;
using static DashStream.Tests.Stores.ProducerFixture;

namespace DashStream.Tests.Stores;

[TestClass]
public sealed class BatchingProducerFaultTests
{
    private readonly ProducerFixture _fixture = new();

    [TestMethod]
    public async Task Transient_failures_are_retried_in_place_so_that_nothing_overtakes()
    {
        _fixture.Store.OnAppend = (_, earlier, _) => earlier < 3 ? throw new StreamException(StreamErrorKind.Transient, "locked") : default;
        await using var producer = await _fixture.OpenAsync();

        var sends = Enumerable.Range(0, 100).Select(i => producer.SendAsync(Record("k", i.ToString())).AsTask()).ToArray();
        var all = Task.WhenAll(sends);
        await _fixture.Time.AdvanceUntilAsync(() => all.IsCompleted, TimeSpan.FromMilliseconds(20));

        await all;
        CollectionAssert.AreEqual(Enumerable.Range(0, 100).Select(i => i.ToString()).ToArray(), await _fixture.ValuesAsync());
    }

    [TestMethod]
    public async Task A_retry_carries_the_same_batch_and_numbers()
    {
        var seen = new List<(AppendBatch Batch, long First, int Count)>();
        _fixture.Store.OnAppend = (batch, earlier, _) =>
        {
            seen.Add((batch, batch.SequenceAt(0), batch.Count));
            return earlier == 0 ? throw new StreamException(StreamErrorKind.Transient, "locked") : default;
        };
        await using var producer = await _fixture.OpenAsync();

        var send = producer.SendAsync(Record("k", "v")).AsTask();
        await _fixture.Time.AdvanceUntilAsync(() => send.IsCompleted, TimeSpan.FromMilliseconds(20));

        Assert.HasCount(2, seen);
        Assert.AreEqual(seen[0], seen[1]);
    }

    [TestMethod]
    public async Task A_send_that_cannot_be_stored_times_out_with_the_last_cause()
    {
        var cause = new StreamException(StreamErrorKind.Transient, "locked");
        _fixture.Store.OnAppend = (_, _, _) => throw cause;
        await using var producer = await _fixture.OpenAsync();

        var send = producer.SendAsync(Record("k", "v")).AsTask();
        await _fixture.Time.AdvanceUntilAsync(() => send.IsCompleted, TimeSpan.FromMilliseconds(500));

        var error = await ThrowsAsync(StreamErrorKind.Timeout, send);
        Assert.AreSame(cause, error.InnerException);
        StringAssert.Contains(error.Message, "00:00:10");
    }

    [TestMethod]
    public async Task A_time_out_takes_only_what_is_due()
    {
        var broken = true;
        _fixture.Store.OnAppend = (_, _, _) => broken ? throw new StreamException(StreamErrorKind.Transient, "locked") : default;
        await using var producer = await _fixture.OpenAsync();

        var old = producer.SendAsync(Record("k", "old")).AsTask();
        await Until(() => _fixture.Store.Appends > 0);
        _fixture.Time.Advance(TimeSpan.FromSeconds(8));
        var young = producer.SendAsync(Record("k", "young")).AsTask();
        await _fixture.Time.AdvanceUntilAsync(() => old.IsCompleted, TimeSpan.FromMilliseconds(100));
        broken = false;
        await _fixture.Time.AdvanceUntilAsync(() => young.IsCompleted, TimeSpan.FromMilliseconds(100));

        await ThrowsAsync(StreamErrorKind.Timeout, old);
        await young;
        CollectionAssert.AreEqual(new[] { "young" }, await _fixture.ValuesAsync());
    }

    [TestMethod]
    public async Task A_store_that_never_returns_does_not_hold_its_callers_or_the_stop()
    {
        _fixture.Store.OnAppend = (_, _, _) => new ValueTask(new TaskCompletionSource().Task);
        var producer = await _fixture.OpenAsync();

        var first = producer.SendAsync(Record("k", "1")).AsTask();
        await Until(() => _fixture.Store.Appends == 1);
        var second = producer.SendAsync(Record("k", "2")).AsTask();
        _fixture.Time.Advance(_fixture.Options.SendTimeout);
        await ThrowsAsync(StreamErrorKind.Timeout, first);
        await ThrowsAsync(StreamErrorKind.Timeout, second);
        var third = producer.SendAsync(Record("k", "3")).AsTask();
        var stop = producer.StopAsync(TimeSpan.FromSeconds(1)).AsTask();
        _fixture.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.AreEqual(new FlushReceipt(Stored: 0, Failed: 2, Pending: 1), await stop);
        await ThrowsAsync(StreamErrorKind.Closed, third);
        Assert.AreEqual(0, _fixture.Time.ArmedTimers);
    }

    [TestMethod]
    public async Task A_store_that_heeds_its_token_goes_on_after_a_time_out()
    {
        _fixture.Store.OnAppend = (_, earlier, token) => earlier == 0 ? new ValueTask(Task.Delay(Timeout.Infinite, token)) : default;
        await using var producer = await _fixture.OpenAsync();

        var first = producer.SendAsync(Record("k", "1")).AsTask();
        await Until(() => _fixture.Store.Appends == 1);
        _fixture.Time.Advance(_fixture.Options.SendTimeout);
        await ThrowsAsync(StreamErrorKind.Timeout, first);
        await producer.SendAsync(Record("k", "2"));

        CollectionAssert.AreEqual(new[] { "2" }, await _fixture.ValuesAsync());
    }

    [TestMethod]
    public async Task One_bad_record_does_not_fail_the_others()
    {
        _fixture.Store.OnAppend = (batch, _, _) => Values(batch).Contains("bad") ? throw new StreamException(StreamErrorKind.InvalidRequest, "bad") : default;
        await using var producer = await _fixture.OpenAsync();

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 9).Select(i => Record("k", i == 4 ? "bad" : i.ToString()))]);

        CollectionAssert.AreEqual(new[] { "0", "1", "2", "3", "5", "6", "7", "8" }, await _fixture.ValuesAsync());
        Assert.AreEqual(StreamErrorKind.InvalidRequest, results[4].Error!.Kind);
        Assert.AreEqual(8, results.Count(result => result.IsStored));
        Assert.AreEqual(new StreamPosition(0, 7), results[8].Position);
    }

    [TestMethod]
    public async Task An_error_that_the_store_does_not_classify_is_fatal_for_the_send_and_keeps_its_cause()
    {
        var cause = new IOException("unplugged");
        _fixture.Store.OnAppend = (_, _, _) => throw cause;
        await using var producer = await _fixture.OpenAsync();

        var error = await ThrowsAsync(StreamErrorKind.Fatal, producer.SendAsync(Record("k", "v")).AsTask());

        Assert.AreSame(cause, error.InnerException);
    }

    [TestMethod]
    public async Task When_a_partition_is_full_the_others_go_on()
    {
        _fixture.Store.OnAppend = (batch, _, _) => Enumerable.Range(0, batch.Count).Any(i => batch.PartitionAt(i) == 1)
            ? throw new StreamException(StreamErrorKind.Full, "full") : default;
        await using var producer = await _fixture.OpenAsync(partitions: 2);

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 100).Select(i => Record("", i.ToString(), i % 2))]);
        var after = await producer.SendAsync(Record("", "more", target: 0));

        Assert.IsTrue(results.Where((_, i) => i % 2 == 0).All(result => result.IsStored));
        Assert.IsTrue(results.Where((_, i) => i % 2 == 1).All(result => result.Error?.Kind == StreamErrorKind.Full));
        Assert.AreEqual(new StreamPosition(0, 50), after);
        Assert.IsLessThan(250, _fixture.Store.Appends);
    }

    [TestMethod]
    public async Task Waiting_for_room_does_not_count_against_the_time_out_while_there_is_progress()
    {
        _fixture.Options.MaxRecordBytes = 1024;
        _fixture.Options.MaxPendingBytes = 1024;
        _fixture.Options.MaxBatchRecords = 1;
        _fixture.Store.OnAppend = (_, _, _) =>
        {
            _fixture.Time.Advance(TimeSpan.FromSeconds(9));
            return default;
        };
        await using var producer = await _fixture.OpenAsync();

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 5).Select(_ => Record("k", new string('a', 1000)))]);

        Assert.IsTrue(results.All(result => result.IsStored));
    }

    [TestMethod]
    public async Task A_stop_finishes_what_it_can_and_fails_the_rest_as_closed()
    {
        var gate = new TaskCompletionSource();
        _fixture.Store.OnAppend = (_, earlier, token) => earlier == 1 ? new ValueTask(gate.Task.WaitAsync(token)) : default;
        var producer = await _fixture.OpenAsync();

        await producer.SendAsync(Record("k", "stored"));
        var stuck = producer.SendAsync(Record("k", "stuck")).AsTask();
        var batch = producer.SendBatchAsync([Record("k", "a"), Record("k", "b")]).AsTask();
        var flush = producer.FlushAsync().AsTask();
        var stop = producer.StopAsync(TimeSpan.FromSeconds(2)).AsTask();
        await ThrowsAsync(StreamErrorKind.Closed, producer.SendAsync(Record("k", "late")).AsTask());
        await Until(() => _fixture.Store.Appends == 2);
        _fixture.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.AreEqual(new FlushReceipt(Stored: 1, Failed: 0, Pending: 3), await stop);
        Assert.AreEqual(await stop, await flush);
        Assert.AreEqual(await stop, await producer.StopAsync(TimeSpan.Zero));
        await ThrowsAsync(StreamErrorKind.Closed, stuck);
        Assert.IsTrue((await batch).All(result => result.Error?.Kind == StreamErrorKind.Closed));
    }

    [TestMethod]
    public async Task Under_random_faults_every_send_is_decided_and_each_key_keeps_its_order()
    {
        const int Keys = 4, Each = 500;
        var random = new Random(7);
        _fixture.Store.OnAppend = async (_, _, _) =>
        {
            await Task.Yield();
            if (random.Next(4) == 0)
            {
                throw new StreamException(StreamErrorKind.Transient, "locked");
            }
        };
        _fixture.Options.MaxBatchRecords = 50;
        await using var producer = await _fixture.OpenAsync();

        var senders = Enumerable.Range(0, Keys).Select(key => Task.Run(() =>
            Task.WhenAll(Enumerable.Range(0, Each).Select(i => producer.SendAsync(Record($"{key}", $"{key}-{i}")).AsTask())))).ToArray();
        var all = Task.WhenAll(senders);
        await _fixture.Time.AdvanceUntilAsync(() => all.IsCompleted, TimeSpan.FromMilliseconds(50));
        await all;

        var values = await _fixture.ValuesAsync();
        Assert.HasCount(Keys * Each, values);
        foreach (var key in values.GroupBy(value => value.Split('-')[0]))
        {
            CollectionAssert.AreEqual(Enumerable.Range(0, Each).Select(i => $"{key.Key}-{i}").ToArray(), key.ToArray());
        }
    }

    [TestMethod]
    public async Task Amid_time_outs_and_cancellations_no_send_gets_the_answer_of_another()
    {
        var random = new Random(11);
        await using var store = new FaultyLogStore(TimeProvider.System)
        {
            OnAppend = async (_, _, token) => await Task.Delay(random.Next(3) == 0 ? 30 : 0, token),
        };
        var options = new LogProviderOptions { SendTimeout = TimeSpan.FromMilliseconds(20), MaxBatchRecords = 5 };
        var spec = new TopicSpec(Topic);
        await store.TryCreateTopicAsync(spec, default);
        await using var producer = new BatchingProducer(store, spec, options.MaxRecordBytes, options, TimeProvider.System);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(sender => Task.Run(() => SendManyAsync(producer, $"{sender}"))));

        var stored = (await store.ReadAsync(Topic, 0, 0, int.MaxValue, int.MaxValue, default)).ToDictionary(record => record.Position!.Value, Text);
        foreach (var (value, position) in answers.SelectMany(answer => answer))
        {
            Assert.AreEqual(value, stored[position]);
        }
    }

    private static async Task<List<(string Value, StreamPosition Position)>> SendManyAsync(BatchingProducer producer, string sender)
    {
        var stored = new List<(string, StreamPosition)>();
        for (var i = 0; i < 200; i++)
        {
            using var cancel = new CancellationTokenSource();
            if (i % 3 == 0)
            {
                cancel.CancelAfter(i % 20);
            }

            try
            {
                stored.Add(($"{sender}-{i}", await producer.SendAsync(Record(sender, $"{sender}-{i}"), cancel.Token)));
            }
            catch (Exception e) when (e is OperationCanceledException or StreamException { Kind: StreamErrorKind.Timeout })
            {
                Assert.IsNotNull(e.Message);
            }
        }

        return stored;
    }
}
