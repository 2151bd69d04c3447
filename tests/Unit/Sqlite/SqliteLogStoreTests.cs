using DashStream.Providers;
using static DashStream.Tests.Sqlite.SqliteFolder;

namespace DashStream.Tests.Sqlite;

[TestClass]
public sealed class SqliteLogStoreTests
{
    private readonly SqliteFolder _folder = new();

    [TestCleanup]
    public async Task CleanUp() => await _folder.DisposeAsync();

    [TestMethod]
    public async Task Records_come_back_exactly_as_they_were_sent()
    {
        var store = await _folder.OpenWithTopicAsync();
        var bytes = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        StreamHeaders headers = [new("a", new byte[] { 0, 255 }), new("Ünïcödé ☃", "x"), new("a", ReadOnlyMemory<byte>.Empty)];

        await store.AppendAsync(Batch(new StreamRecord(bytes, bytes.AsMemory(3, 50), headers, 1_700_000_000_123_456)), CancellationToken.None);

        var record = (await ReadAllAsync(store)).Single();
        CollectionAssert.AreEqual(bytes, record.Key.ToArray());
        CollectionAssert.AreEqual(bytes[3..53], record.Value!.Value.ToArray());
        Assert.AreEqual(1_700_000_000_123_456, record.TimestampUs);
        Assert.AreEqual(new StreamPosition(0, 0), record.Position);
        CollectionAssert.AreEqual(headers.Select(h => $"{h.Name}={Convert.ToHexString(h.Value.Span)}").ToArray(),
            record.Headers.Select(h => $"{h.Name}={Convert.ToHexString(h.Value.Span)}").ToArray());
    }

    [TestMethod]
    public async Task A_tombstone_stays_different_from_an_empty_value()
    {
        var store = await _folder.OpenWithTopicAsync();

        await store.AppendAsync(Batch(Record("k", null), Record("k", "")), CancellationToken.None);

        var records = await ReadAllAsync(store);
        Assert.IsNull(records[0].Value);
        Assert.AreEqual(0, records[1].Value!.Value.Length);
    }

    [TestMethod]
    public async Task Offsets_count_up_in_each_partition_and_the_batch_learns_them()
    {
        var store = await _folder.OpenWithTopicAsync(partitions: 2);
        await AppendAsync(store, 3, partition: 1);
        var batch = Batch(1, Record("", "a"), Record("", "b"));

        await store.AppendAsync(batch, CancellationToken.None);

        Assert.AreEqual((UInt128)3, batch.OffsetAt(0));
        Assert.AreEqual((UInt128)4, batch.OffsetAt(1));
        Assert.AreEqual(new PartitionBounds(0, 5), (await store.DescribeAsync(Topic, 1, true, CancellationToken.None)).Bounds);
        Assert.AreEqual(new PartitionBounds(0, 0), (await store.DescribeAsync(Topic, 0, true, CancellationToken.None)).Bounds);
    }

    [TestMethod]
    public async Task A_read_keeps_to_its_limits_but_returns_at_least_one_record()
    {
        var store = await _folder.OpenWithTopicAsync();
        await AppendAsync(store, 10, valueBytes: 1000);

        var byCount = await store.ReadAsync(Topic, 0, 2, 3, int.MaxValue, CancellationToken.None);
        var byBytes = await store.ReadAsync(Topic, 0, 0, 100, 2500, CancellationToken.None);
        var one = await store.ReadAsync(Topic, 0, 0, 100, 1, CancellationToken.None);
        var none = await store.ReadAsync(Topic, 0, UInt128.MaxValue, 100, 1, CancellationToken.None);

        CollectionAssert.AreEqual(new UInt128[] { 2, 3, 4 }, byCount.Select(r => r.Position!.Value.Offset).ToArray());
        Assert.HasCount(2, byBytes);
        Assert.HasCount(1, one);
        Assert.IsEmpty(none);
    }

    [TestMethod]
    public async Task Records_and_topics_survive_a_reopening()
    {
        var first = await _folder.OpenWithTopicAsync(partitions: 3);
        await AppendAsync(first, 5, partition: 2);
        await first.DisposeAsync();

        var second = _folder.Open();

        Assert.AreEqual(3, (await second.FindTopicAsync(Topic, CancellationToken.None))!.Partitions);
        Assert.HasCount(5, await ReadAllAsync(second, partition: 2));
        await AppendAsync(second, 1, partition: 2);
        Assert.AreEqual((UInt128)5, (await ReadAllAsync(second, partition: 2))[^1].Position!.Value.Offset);
    }

    [TestMethod]
    public async Task What_does_not_exist_is_not_found()
    {
        var store = await _folder.OpenWithTopicAsync();
        var stray = new DashStream.Stores.AppendBatch("other", Guid.NewGuid());
        stray.Add(Record("", "x"), 0, 1, 0);

        await AssertNotFoundAsync(store.ReadAsync("other", 0, 0, 1, 1, CancellationToken.None).AsTask());
        await AssertNotFoundAsync(store.ReadAsync(Topic, 1, 0, 1, 1, CancellationToken.None).AsTask());
        await AssertNotFoundAsync(store.GetStampAsync("other", CancellationToken.None).AsTask());
        await AssertNotFoundAsync(store.TrimAsync(Topic, -1, 0, CancellationToken.None).AsTask());
        await AssertNotFoundAsync(store.ApplyRetentionAsync("other", CancellationToken.None).AsTask());
        await AssertNotFoundAsync(store.AppendAsync(stray, CancellationToken.None).AsTask());
        await AssertNotFoundAsync(store.AppendAsync(Batch(7, Record("", "x")), CancellationToken.None).AsTask());
    }

    [TestMethod]
    public async Task A_batch_for_a_missing_topic_does_not_spoil_its_neighbours()
    {
        var store = await _folder.OpenWithTopicAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            try
            {
                await store.AppendAsync(Batch(i % 2, Record("", $"{i}")), CancellationToken.None);
                return true;
            }
            catch (StreamException e) when (e.Kind == StreamErrorKind.NotFound)
            {
                return false;
            }
        }));

        Assert.AreEqual(20, outcomes.Count(stored => stored));
        Assert.HasCount(20, await ReadAllAsync(store));
    }

    [TestMethod]
    public async Task A_topic_is_made_once()
    {
        var store = await _folder.OpenWithTopicAsync(partitions: 2);
        var spec = new TopicSpec("limited", 7) { RetentionAge = TimeSpan.FromHours(1), RetentionBytes = 5000 };

        Assert.IsFalse(await store.TryCreateTopicAsync(new TopicSpec(Topic, 5), CancellationToken.None));
        Assert.IsTrue(await store.TryCreateTopicAsync(spec, CancellationToken.None));

        Assert.AreEqual(2, (await store.FindTopicAsync(Topic, CancellationToken.None))!.Partitions);
        Assert.AreEqual(spec, await store.FindTopicAsync("limited", CancellationToken.None));
        CollectionAssert.AreEquivalent(new[] { Topic, "limited" }, (await store.ListTopicsAsync(CancellationToken.None)).ToArray());
    }

    [TestMethod]
    public async Task Settings_that_the_provider_does_not_know_are_refused()
    {
        var spec = new TopicSpec("t") { ProviderSettings = new Dictionary<string, string> { ["segment.bytes"] = "1" } };

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => _folder.Open().TryCreateTopicAsync(spec, CancellationToken.None).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.Contains("segment.bytes", error.Message);
    }

    [TestMethod]
    public async Task A_topic_made_again_starts_anew_and_has_another_stamp()
    {
        var store = await _folder.OpenWithTopicAsync();
        await AppendAsync(store, 2500);
        var stamp = await store.GetStampAsync(Topic, CancellationToken.None);

        Assert.IsTrue(await store.DeleteTopicAsync(Topic, CancellationToken.None));
        Assert.IsFalse(await store.DeleteTopicAsync(Topic, CancellationToken.None));
        await store.TryCreateTopicAsync(new TopicSpec(Topic), CancellationToken.None);
        await AppendAsync(store, 2500);

        Assert.AreEqual((UInt128)0, (await ReadAllAsync(store))[0].Position!.Value.Offset);
        Assert.AreNotEqual(stamp, await store.GetStampAsync(Topic, CancellationToken.None));
        Assert.AreEqual(2500L, _folder.Query("SELECT count(*) FROM records"));
        Assert.AreEqual(1L, _folder.Query("SELECT count(*) FROM partitions"));
    }

    [TestMethod]
    public async Task A_cancelled_call_does_nothing()
    {
        var store = await _folder.OpenWithTopicAsync();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => store.AppendAsync(Batch(Record("", "x")), cancelled.Token).AsTask());
        await Assert.ThrowsAsync<OperationCanceledException>(() => store.ReadAsync(Topic, 0, 0, 1, 1, cancelled.Token).AsTask());

        Assert.IsEmpty(await ReadAllAsync(store));
    }

    [TestMethod]
    public async Task A_disposed_store_refuses_and_opens_nothing()
    {
        var store = await _folder.OpenWithTopicAsync();
        await store.DisposeAsync();
        await store.DisposeAsync();

        foreach (var call in new Func<Task>[]
        {
            () => AppendAsync(store, 1),
            () => ReadAllAsync(store),
            () => store.CheckAsync(CancellationToken.None).AsTask(),
            () => store.WaitForAppendAsync(Topic, 0, TimeSpan.FromSeconds(1), CancellationToken.None).AsTask(),
            () => store.Groups.ReadAsync(Topic, "g", CancellationToken.None).AsTask(),
        })
        {
            Assert.AreEqual(StreamErrorKind.Closed, (await Assert.ThrowsExactlyAsync<StreamException>(call)).Kind);
        }

        Assert.IsFalse(File.Exists(_folder.DatabasePath + "-wal"), "The last one to leave empties the write-ahead log.");
    }

    [TestMethod]
    public void Making_a_store_does_no_input_or_output()
    {
        _ = _folder.Open(path: Path.Combine(_folder.Root, "none", "log.db"));

        Assert.IsEmpty(Directory.EnumerateFileSystemEntries(_folder.Root).ToArray());
    }

    private static async Task AssertNotFoundAsync(Task call) =>
        Assert.AreEqual(StreamErrorKind.NotFound, (await Assert.ThrowsExactlyAsync<StreamException>(() => call)).Kind);
}
