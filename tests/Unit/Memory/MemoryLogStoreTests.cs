using System.Text;
using DashStream.Providers;
using DashStream.Stores;

namespace DashStream.Tests.Memory;

[TestClass]
public sealed class MemoryLogStoreTests
{
    private const string Topic = "events";

    private readonly ManualTime _time = new();
    private readonly MemoryProviderOptions _options = new() { MaxRecordBytes = 4096 };
    private readonly MemoryLogStore _store;

    public MemoryLogStoreTests() => _store = new MemoryLogStore(_options, _time);

    [TestMethod]
    public async Task A_record_comes_back_as_it_was_even_when_its_sender_reuses_the_buffers()
    {
        var store = await MakeAsync(new TopicSpec(Topic));
        byte[] key = [1, 2], value = [3, 4, 5], header = [6];
        var headers = StreamHeaders.Create([new StreamHeader("a", header), new StreamHeader("a", "text"), new StreamHeader("b", default(ReadOnlyMemory<byte>))]);

        await AppendAsync(store, new StreamRecord(key, value, headers, timestampUs: 7), new StreamRecord(default, value: null), new StreamRecord(default, Array.Empty<byte>()));
        key[0] = value[0] = header[0] = 99;
        var read = await ReadAsync(store);

        CollectionAssert.AreEqual(new byte[] { 1, 2 }, read[0].Key.ToArray());
        CollectionAssert.AreEqual(new byte[] { 3, 4, 5 }, read[0].Value!.Value.ToArray());
        CollectionAssert.AreEqual(new[] { "a:6", "a:116,101,120,116", "b:" }, read[0].Headers.Select(h => $"{h.Name}:{string.Join(',', h.Value.ToArray())}").ToArray());
        Assert.AreEqual(7, read[0].TimestampUs);
        Assert.AreEqual(new StreamPosition(0, 2), read[2].Position);
        Assert.IsNull(read[1].Value);
        Assert.IsNotNull(read[2].Value);
    }

    [TestMethod]
    public async Task A_read_ends_at_either_limit_but_returns_at_least_one_record()
    {
        var store = await MakeAsync(new TopicSpec(Topic));
        await AppendAsync(store, [.. Enumerable.Range(0, 2000).Select(_ => Record(100))]);

        Assert.HasCount(1500, await store.ReadAsync(Topic, 0, 100, 1500, int.MaxValue, default));
        Assert.HasCount(10, await store.ReadAsync(Topic, 0, 0, 1500, 1099, default));
        Assert.HasCount(1, await store.ReadAsync(Topic, 0, 1999, 1500, 1, default));
        Assert.IsEmpty(await store.ReadAsync(Topic, 0, 2000, 1500, 1, default));
        Assert.AreEqual((UInt128)700, (await store.ReadAsync(Topic, 0, 700, 1, 1, default))[0].Position!.Value.Offset);
    }

    [TestMethod]
    public async Task Trimming_frees_room_and_never_moves_the_end()
    {
        var store = await MakeAsync(new TopicSpec(Topic));
        await AppendAsync(store, [.. Enumerable.Range(0, 2000).Select(_ => Record(1))]);

        await store.TrimAsync(Topic, 0, 1500, default);
        Assert.AreEqual((UInt128)1500, (await ReadAsync(store))[0].Position!.Value.Offset);
        Assert.AreEqual(500, await store.CountAsync(Topic, 0, 0, default));
        await store.TrimAsync(Topic, 0, 2000, default);
        var empty = await store.DescribeAsync(Topic, 0, withCounts: true, default);
        await AppendAsync(store, Record(1));

        Assert.AreEqual(new PartitionDescription(0, new PartitionBounds(2000, 2000), 0, 0), empty);
        Assert.AreEqual((UInt128)2000, (await ReadAsync(store)).Single().Position!.Value.Offset);
    }

    [TestMethod]
    public async Task A_time_is_found_at_the_first_record_in_log_order_that_has_it_or_later()
    {
        var store = await MakeAsync(new TopicSpec(Topic));
        await AppendAsync(store, [.. Enumerable.Range(0, 1500).Select(i => Record(1, timestampUs: i == 10 ? 5000 : 1000 + i))]);

        Assert.AreEqual((UInt128)0, await store.FindAsync(Topic, 0, 0, default));
        Assert.AreEqual((UInt128)5, await store.FindAsync(Topic, 0, 1005, default));
        Assert.AreEqual((UInt128)10, await store.FindAsync(Topic, 0, 2300, default));
        Assert.IsNull(await store.FindAsync(Topic, 0, 5001, default));
        await store.TrimAsync(Topic, 0, 11, default);
        Assert.AreEqual((UInt128)1300, await store.FindAsync(Topic, 0, 2300, default));
        Assert.IsNull(await store.FindAsync(Topic, 0, 5000, default));
    }

    [TestMethod]
    public async Task Retention_removes_by_age_and_by_size()
    {
        var aged = await MakeAsync(new TopicSpec("aged") { RetentionAge = TimeSpan.FromMinutes(1) });
        await aged.TryCreateTopicAsync(new TopicSpec("sized") { RetentionBytes = 1024 }, default);
        await AppendToAsync(aged, "aged", Record(1, _time.NowUs), Record(1, _time.NowUs + 30_000_000));

        _time.Advance(TimeSpan.FromSeconds(61));
        var removed = await aged.ApplyRetentionAsync("aged", default);
        await AppendToAsync(aged, "sized", [.. Enumerable.Range(0, 100).Select(_ => Record(100))]);

        Assert.AreEqual(1, removed);
        Assert.AreEqual(new PartitionBounds(1, 2), (await aged.DescribeAsync("aged", 0, true, default)).Bounds);
        Assert.AreEqual(new PartitionDescription(0, new PartitionBounds(90, 100), 10, 1000), await aged.DescribeAsync("sized", 0, true, default));
    }

    [TestMethod]
    public async Task A_full_partition_refuses_and_keeps_what_it_has()
    {
        _options.MaxRecordsPerPartition = 3;
        var store = await MakeAsync(new TopicSpec(Topic));
        await AppendAsync(store, Record(1), Record(1));

        var error = await Assert.ThrowsAsync<StreamException>(() => AppendAsync(store, Record(1), Record(1)));
        await AppendAsync(store, Record(1));

        Assert.AreEqual(StreamErrorKind.Full, error.Kind);
        Assert.HasCount(3, await ReadAsync(store));
    }

    [TestMethod]
    public async Task A_full_store_refuses_and_has_room_again_after_a_trim()
    {
        _options.MaxBytes = 4 * (1000 + MemoryBudget.RecordOverhead);
        await using var store = new MemoryLogStore(_options, _time);
        await store.TryCreateTopicAsync(new TopicSpec(Topic), default);
        await AppendAsync(store, Record(1000), Record(1000), Record(1000), Record(1000));

        var error = await Assert.ThrowsAsync<StreamException>(() => AppendAsync(store, Record(1)));
        Assert.HasCount(1, await store.CheckAsync(default));
        await store.TrimAsync(Topic, 0, 1, default);
        await AppendAsync(store, Record(1000));
        await store.DeleteTopicAsync(Topic, default);
        await store.TryCreateTopicAsync(new TopicSpec(Topic), default);
        await AppendAsync(store, Record(1000), Record(1000), Record(1000), Record(1000));

        Assert.AreEqual(StreamErrorKind.Full, error.Kind);
    }

    [TestMethod]
    public async Task A_store_that_may_drop_keeps_the_newest()
    {
        _options.MaxRecordsPerPartition = 5;
        _options.MaxBytes = 4096;
        _options.WhenFull = MemoryFullPolicy.DropOldest;
        await using var store = new MemoryLogStore(_options, _time);
        await store.TryCreateTopicAsync(new TopicSpec(Topic), default);

        await AppendAsync(store, [.. Enumerable.Range(0, 12).Select(_ => Record(1))]);
        Assert.AreEqual(new PartitionBounds(7, 12), (await store.DescribeAsync(Topic, 0, true, default)).Bounds);
        await AppendAsync(store, Record(3900));

        Assert.AreEqual(new PartitionBounds(12, 13), (await store.DescribeAsync(Topic, 0, true, default)).Bounds);
    }

    [TestMethod]
    public async Task A_topic_made_again_starts_anew()
    {
        var store = await MakeAsync(new TopicSpec(Topic));
        await AppendAsync(store, Record(1));
        await store.Groups.TryReplaceAsync(Topic, "g", 0, default, [], default);
        var stamp = await store.GetStampAsync(Topic, default);

        Assert.IsTrue(await store.DeleteTopicAsync(Topic, default));
        Assert.IsFalse(await store.DeleteTopicAsync(Topic, default));
        await store.TryCreateTopicAsync(new TopicSpec(Topic), default);

        Assert.IsEmpty(await ReadAsync(store));
        Assert.IsEmpty(await store.Groups.ListAsync(null, default));
        Assert.AreNotEqual(stamp, await store.GetStampAsync(Topic, default));
    }

    [TestMethod]
    public async Task A_waiting_reader_wakes_at_an_append_a_deletion_or_the_end_of_its_wait()
    {
        var store = await MakeAsync(new TopicSpec(Topic));
        var stamp = await store.GetStampAsync(Topic, default);
        using var cancel = new CancellationTokenSource();

        var append = store.WaitForAppendAsync(Topic, stamp, TimeSpan.FromHours(1), default).AsTask();
        var cancelled = store.WaitForAppendAsync(Topic, stamp, TimeSpan.FromHours(1), cancel.Token).AsTask();
        var over = store.WaitForAppendAsync(Topic, stamp, TimeSpan.FromSeconds(1), default).AsTask();
        Assert.IsFalse(append.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await over;
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => cancelled);
        await AppendAsync(store, Record(1));
        await append;
        await store.WaitForAppendAsync(Topic, stamp, TimeSpan.FromHours(1), default);
        var deletion = store.WaitForAppendAsync(Topic, await store.GetStampAsync(Topic, default), TimeSpan.FromHours(1), default).AsTask();
        await store.DeleteTopicAsync(Topic, default);

        await deletion;
    }

    [TestMethod]
    public async Task Readers_beside_writers_miss_nothing()
    {
        const int Writers = 3, Each = 4000;
        var store = new MemoryLogStore(_options, TimeProvider.System);
        await store.TryCreateTopicAsync(new TopicSpec(Topic), default);

        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                await AppendAsync(store, Record(8));
            }
        })));
        UInt128 next = 0;
        while (next < Writers * Each)
        {
            var stamp = await store.GetStampAsync(Topic, default);
            var records = await store.ReadAsync(Topic, 0, next, 100, int.MaxValue, default);
            foreach (var record in records)
            {
                Assert.AreEqual(next++, record.Position!.Value.Offset);
            }

            if (records.Count == 0)
            {
                await store.WaitForAppendAsync(Topic, stamp, TimeSpan.FromSeconds(20), default);
            }
        }

        await writing;
    }

    [TestMethod]
    public async Task What_is_not_there_is_not_found_and_what_is_over_is_closed()
    {
        var store = await MakeAsync(new TopicSpec(Topic));

        await ThrowsAsync(StreamErrorKind.NotFound, async () => await store.ReadAsync("other", 0, 0, 1, 1, default));
        await ThrowsAsync(StreamErrorKind.NotFound, async () => await store.ReadAsync(Topic, 1, 0, 1, 1, default));
        await ThrowsAsync(StreamErrorKind.NotFound, async () => await store.Groups.TryReplaceAsync("other", "g", 0, default, [], default));
        await store.DisposeAsync();
        await store.DisposeAsync();
        await ThrowsAsync(StreamErrorKind.Closed, async () => await store.FindTopicAsync(Topic, default));
    }

    private async Task<MemoryLogStore> MakeAsync(TopicSpec spec)
    {
        Assert.IsTrue(await _store.TryCreateTopicAsync(spec, default));
        Assert.IsFalse(await _store.TryCreateTopicAsync(spec, default));
        return _store;
    }

    private static Task AppendAsync(MemoryLogStore store, params StreamRecord[] records) => AppendToAsync(store, Topic, records);

    private static async Task AppendToAsync(MemoryLogStore store, string topic, params StreamRecord[] records)
    {
        var batch = new AppendBatch(topic, Guid.NewGuid());
        for (var i = 0; i < records.Length; i++)
        {
            batch.Add(records[i], records[i].TargetPartition ?? 0, records[i].TimestampUs, sequence: i);
        }

        await store.AppendAsync(batch, default);
    }

    private static async Task<IReadOnlyList<StreamRecord>> ReadAsync(MemoryLogStore store) =>
        await store.ReadAsync(Topic, 0, 0, int.MaxValue, int.MaxValue, default);

    private static StreamRecord Record(int bytes, long timestampUs = 0) =>
        new(default, Encoding.UTF8.GetBytes(new string('x', bytes)), headers: null, timestampUs);

    private static async Task ThrowsAsync(StreamErrorKind kind, Func<Task> action) =>
        Assert.AreEqual(kind, (await Assert.ThrowsAsync<StreamException>(action)).Kind);
}
