using static DashStream.Tests.Sqlite.SqliteFolder;

namespace DashStream.Tests.Sqlite;

[TestClass]
public sealed class SqliteRetentionTests
{
    private readonly SqliteFolder _folder = new();

    [TestCleanup]
    public async Task CleanUp() => await _folder.DisposeAsync();

    [TestMethod]
    public async Task A_trim_removes_the_older_ones_and_offsets_go_on()
    {
        var store = await _folder.OpenWithTopicAsync();
        await AppendAsync(store, 5000);

        await store.TrimAsync(Topic, 0, 4000, CancellationToken.None);
        await store.TrimAsync(Topic, 0, 10, CancellationToken.None);
        await AppendAsync(store, 1);

        var description = await store.DescribeAsync(Topic, 0, withCounts: true, CancellationToken.None);
        Assert.AreEqual(new PartitionBounds(4000, 5001), description.Bounds);
        Assert.AreEqual(1001, description.Records);
        Assert.AreEqual(10_010, description.SizeBytes);
        Assert.AreEqual((UInt128)4000, (await store.ReadAsync(Topic, 0, 0, 1, 1, CancellationToken.None))[0].Position!.Value.Offset);
        Assert.AreEqual(1001L, _folder.Query("SELECT count(*) FROM records"));
    }

    [TestMethod]
    public async Task A_trim_of_everything_keeps_the_end()
    {
        var store = await _folder.OpenWithTopicAsync();
        await AppendAsync(store, 3);

        await store.TrimAsync(Topic, 0, UInt128.MaxValue, CancellationToken.None);
        await store.DisposeAsync();
        var again = _folder.Open();

        Assert.AreEqual(new PartitionBounds(3, 3), (await again.DescribeAsync(Topic, 0, false, CancellationToken.None)).Bounds);
        await AppendAsync(again, 1);
        Assert.AreEqual((UInt128)3, (await ReadAllAsync(again)).Single().Position!.Value.Offset);
    }

    [TestMethod]
    public async Task Readers_of_a_log_that_grows_and_is_trimmed_see_every_record_in_its_place()
    {
        const int End = 20_000;
        var writer = await _folder.OpenWithTopicAsync();
        var reader = _folder.Open();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < End; i += 500)
            {
                await writer.AppendAsync(Batch(Enumerable.Range(i, 500).Select(n => Record("", $"{n}"))), CancellationToken.None);
                await writer.TrimAsync(Topic, 0, (UInt128)Math.Max(0, i - 3000), CancellationToken.None);
            }
        });

        var next = (UInt128)0;
        while (next < End)
        {
            var bounds = (await reader.DescribeAsync(Topic, 0, false, CancellationToken.None)).Bounds;
            var records = await reader.ReadAsync(Topic, 0, next, 200, int.MaxValue, CancellationToken.None);
            foreach (var record in records)
            {
                var offset = record.Position!.Value.Offset;
                Assert.AreEqual($"{offset}", Text(record));
                Assert.IsTrue(offset == next || (record == records[0] && offset >= bounds.Begin), $"{offset} came after {next}, the log begins at {bounds.Begin}.");
                next = offset + 1;
            }
        }

        await writing;
    }

    [TestMethod]
    public async Task Counting_starts_at_the_oldest()
    {
        var store = await _folder.OpenWithTopicAsync();
        await AppendAsync(store, 10);
        await store.TrimAsync(Topic, 0, 4, CancellationToken.None);

        Assert.AreEqual(6, await store.CountAsync(Topic, 0, 0, CancellationToken.None));
        Assert.AreEqual(3, await store.CountAsync(Topic, 0, 7, CancellationToken.None));
        Assert.AreEqual(0, await store.CountAsync(Topic, 0, UInt128.MaxValue, CancellationToken.None));
    }

    [TestMethod]
    public async Task A_half_done_trim_is_finished_by_the_next_one_to_open()
    {
        var store = await _folder.OpenWithTopicAsync();
        await AppendAsync(store, 100);
        await store.DisposeAsync();
        _folder.Query("UPDATE partitions SET begin_offset = 60");

        var again = _folder.Open();
        Assert.AreEqual((UInt128)60, (await again.ReadAsync(Topic, 0, 0, 1, 1, CancellationToken.None))[0].Position!.Value.Offset);
        await AppendAsync(again, 1);

        await Until.TrueAsync(() => _folder.Query("SELECT count(*) FROM records") is 41L);
    }

    [TestMethod]
    public async Task Retention_by_age_removes_what_is_too_old()
    {
        var store = _folder.Open();
        await store.TryCreateTopicAsync(new TopicSpec(Topic) { RetentionAge = TimeSpan.FromMinutes(1) }, CancellationToken.None);
        await store.AppendAsync(Batch(Record("", "old", _folder.Time.NowUs)), CancellationToken.None);
        _folder.Time.Advance(TimeSpan.FromSeconds(61));
        await store.AppendAsync(Batch(Record("", "new", _folder.Time.NowUs), Record("", "late", _folder.Time.NowUs - 90_000_000)), CancellationToken.None);

        var removed = await store.ApplyRetentionAsync(Topic, CancellationToken.None);

        Assert.IsLessThanOrEqualTo(1L, removed, "The upkeep may have been first.");
        CollectionAssert.AreEqual(new[] { "new", "late" }, (await ReadAllAsync(store)).Select(Text).ToArray());
    }

    [TestMethod]
    public async Task Retention_by_age_may_remove_everything()
    {
        var store = _folder.Open();
        await store.TryCreateTopicAsync(new TopicSpec(Topic) { RetentionAge = TimeSpan.FromMinutes(1) }, CancellationToken.None);
        await store.AppendAsync(Batch(Record("", "old", 5), Record("", "old", 6)), CancellationToken.None);

        await store.ApplyRetentionAsync(Topic, CancellationToken.None);

        Assert.AreEqual(new PartitionBounds(2, 2), (await store.DescribeAsync(Topic, 0, false, CancellationToken.None)).Bounds);
    }

    [TestMethod]
    public async Task Retention_by_size_removes_the_oldest_and_keeps_the_newest()
    {
        var store = _folder.Open();
        await store.TryCreateTopicAsync(new TopicSpec(Topic, 2) { RetentionBytes = 2000 }, CancellationToken.None);
        await AppendAsync(store, 10, valueBytes: 500);
        await AppendAsync(store, 2, valueBytes: 5000, partition: 1);

        await store.ApplyRetentionAsync(Topic, CancellationToken.None);
        await store.ApplyRetentionAsync(Topic, CancellationToken.None);

        Assert.AreEqual(new PartitionBounds(6, 10), (await store.DescribeAsync(Topic, 0, false, CancellationToken.None)).Bounds);
        Assert.AreEqual(new PartitionBounds(1, 2), (await store.DescribeAsync(Topic, 1, false, CancellationToken.None)).Bounds);
    }

    [TestMethod]
    public async Task Retention_is_applied_without_being_asked()
    {
        var store = _folder.Open();
        await store.TryCreateTopicAsync(new TopicSpec(Topic) { RetentionBytes = 1024 }, CancellationToken.None);
        await Until.TrueAsync(() => _folder.Time.ArmedTimers > 0);
        await AppendAsync(store, 10, valueBytes: 1000);

        _folder.Time.Advance(TimeSpan.FromSeconds(30));

        await Until.TrueAsync(() => _folder.Query("SELECT count(*) FROM records") is 1L);
    }

    [TestMethod]
    public async Task A_time_is_found_at_its_first_record_in_log_order()
    {
        var store = await _folder.OpenWithTopicAsync();
        long[] times = [10, 20, 20, 15, 40, 5, 50];
        await store.AppendAsync(Batch(times.Select(time => Record("", "x", time))), CancellationToken.None);

        foreach (var time in Enumerable.Range(0, 60))
        {
            var expected = Array.FindIndex(times, t => t >= time);
            var found = await store.FindAsync(Topic, 0, time, CancellationToken.None);
            Assert.AreEqual(expected < 0 ? null : (UInt128)expected, found, $"Time {time}.");
        }
    }

    [TestMethod]
    public async Task A_time_is_found_also_when_a_later_clock_was_trimmed_away()
    {
        var store = await _folder.OpenWithTopicAsync();
        await store.AppendAsync(Batch(Record("", "x", 10), Record("", "x", 1000), Record("", "x", 20), Record("", "x", 30)), CancellationToken.None);

        await store.TrimAsync(Topic, 0, 2, CancellationToken.None);

        Assert.AreEqual((UInt128)2, await store.FindAsync(Topic, 0, 15, CancellationToken.None));
        Assert.AreEqual((UInt128)3, await store.FindAsync(Topic, 0, 25, CancellationToken.None));
        Assert.IsNull(await store.FindAsync(Topic, 0, 31, CancellationToken.None));
    }
}
