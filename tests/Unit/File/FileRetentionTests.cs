using DashStream.Providers;
using static DashStream.Tests.FileStore.FileStoreFixture;

namespace DashStream.Tests.FileStore;

[TestClass]
public sealed class FileRetentionTests
{
    [TestMethod]
    public async Task A_trim_moves_the_beginning_and_gives_whole_segments_back()
    {
        await using var fixture = await WithTopicAsync(segmentBytes: 4096);
        var (store, other) = (fixture.Open(), fixture.Open());
        for (var i = 0; i < 20; i++)
        {
            await AppendManyAsync(store, i * 10, 10);
        }

        Assert.HasCount(200, await ReadValuesAsync(other));
        var segments = fixture.Segments().Length;

        await store.TrimAsync(Topic, 0, 123, CancellationToken.None);

        Assert.AreEqual((123UL, 200UL), await BoundsAsync(other));
        Assert.IsLessThan(segments, fixture.Segments().Length);
        Assert.AreSequenceEqual(Enumerable.Range(123, 77).Select(Value).ToArray(), await ReadValuesAsync(other));
        Assert.AreEqual(77, await other.CountAsync(Topic, 0, 0, CancellationToken.None));
        Assert.AreEqual(10, await other.CountAsync(Topic, 0, 190, CancellationToken.None));
        Assert.AreEqual(0, await other.CountAsync(Topic, 0, UInt128.MaxValue, CancellationToken.None));
        Assert.AreEqual((123UL, 200UL), await BoundsAsync(fixture.Open()));
    }

    [TestMethod]
    public async Task After_a_trim_of_everything_offsets_go_on_even_if_the_ends_are_lost()
    {
        await using var fixture = await WithTopicAsync();
        var store = fixture.Open();
        await AppendManyAsync(store, 0, 10);

        await store.TrimAsync(Topic, 0, 10, CancellationToken.None);
        await store.TrimAsync(Topic, 0, 4, CancellationToken.None);
        await store.DisposeAsync();
        File.Delete(Path.Combine(fixture.Root, "ends", Topic));
        var reopened = fixture.Open();

        Assert.AreEqual((10UL, 10UL), await BoundsAsync(reopened));
        Assert.AreSequenceEqual(new ulong[] { 10 }, await AppendAsync(reopened, 0, "next"));
        Assert.AreSequenceEqual(new[] { "next" }, await ReadValuesAsync(reopened));
        Assert.HasCount(1, fixture.Segments());
    }

    [TestMethod]
    public async Task A_trim_beyond_the_end_is_refused()
    {
        await using var fixture = await WithTopicAsync();
        var store = fixture.Open();
        await AppendManyAsync(store, 0, 3);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(async () => await store.TrimAsync(Topic, 0, 4, CancellationToken.None));

        Assert.AreEqual(StreamErrorKind.OutOfRange, error.Kind);
        Assert.AreEqual((0UL, 3UL), await BoundsAsync(store));
    }

    [TestMethod]
    public async Task Retention_by_age_removes_exactly_the_records_that_are_too_old()
    {
        await using var fixture = new FileStoreFixture();
        var store = fixture.Open();
        await store.TryCreateTopicAsync(new TopicSpec(Topic) { RetentionAge = TimeSpan.FromMinutes(10) }, CancellationToken.None);
        for (var i = 0; i < 100; i++)
        {
            await store.AppendAsync(Batch(0, Record(Value(i), timestampUs: fixture.Time.NowUs)), CancellationToken.None);
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
        }

        fixture.Time.Advance(TimeSpan.FromSeconds(540));
        var removed = await store.ApplyRetentionAsync(Topic, CancellationToken.None);

        var (begin, end) = await BoundsAsync(store);
        Assert.AreEqual((40UL, 100UL), (begin, end));
        Assert.AreEqual(40, removed);
        Assert.AreEqual(0, await store.ApplyRetentionAsync(Topic, CancellationToken.None));
        fixture.Time.Advance(TimeSpan.FromHours(1));
        Assert.AreEqual(60, await store.ApplyRetentionAsync(Topic, CancellationToken.None));
        Assert.AreEqual((100UL, 100UL), await BoundsAsync(store));
        Assert.AreSequenceEqual(new ulong[] { 100 }, await AppendAsync(store, 0, "next"));
    }

    [TestMethod]
    public async Task Retention_by_age_comes_by_itself_while_records_are_written()
    {
        await using var fixture = new FileStoreFixture();
        var store = fixture.Open();
        await store.TryCreateTopicAsync(new TopicSpec(Topic) { RetentionAge = TimeSpan.FromMinutes(1) }, CancellationToken.None);
        await store.AppendAsync(Batch(0, Record("old", timestampUs: fixture.Time.NowUs)), CancellationToken.None);
        fixture.Time.Advance(TimeSpan.FromMinutes(2));

        await store.AppendAsync(Batch(0, Record("new", timestampUs: fixture.Time.NowUs)), CancellationToken.None);

        Assert.AreSequenceEqual(new[] { "new" }, await ReadValuesAsync(store));
    }

    [TestMethod]
    public async Task Retention_by_size_keeps_the_newest_records_within_the_size()
    {
        await using var fixture = new FileStoreFixture();
        var store = fixture.Open();
        await store.TryCreateTopicAsync(new TopicSpec(Topic) { RetentionBytes = 5000 }, CancellationToken.None);
        for (var i = 0; i < 30; i++)
        {
            await AppendManyAsync(store, i * 10, 10);
        }

        var removed = await store.ApplyRetentionAsync(Topic, CancellationToken.None);
        var description = await store.DescribeAsync(Topic, 0, withCounts: true, CancellationToken.None);

        Assert.AreEqual((UInt128)removed, description.Bounds.Begin);
        Assert.IsTrue(description.SizeBytes is > 4800 and <= 5000);
        Assert.AreEqual(300 - removed, description.Records);
        Assert.AreSequenceEqual(Enumerable.Range((int)removed, 300 - (int)removed).Select(Value).ToArray(), await ReadValuesAsync(store));
    }

    [TestMethod]
    public async Task A_record_larger_than_the_retained_size_stays_until_the_next_comes()
    {
        await using var fixture = new FileStoreFixture();
        var store = fixture.Open();
        await store.TryCreateTopicAsync(new TopicSpec(Topic) { RetentionBytes = 1024 }, CancellationToken.None);
        await AppendAsync(store, 0, new string('x', 5000));

        Assert.AreEqual(0, await store.ApplyRetentionAsync(Topic, CancellationToken.None));
        await AppendAsync(store, 0, "small");
        Assert.AreEqual(1, await store.ApplyRetentionAsync(Topic, CancellationToken.None));
        Assert.AreSequenceEqual(new[] { "small" }, await ReadValuesAsync(store));
    }

    [TestMethod]
    public async Task A_search_by_time_finds_the_first_record_of_that_time_or_later()
    {
        await using var fixture = await WithTopicAsync(segmentBytes: 4096);
        var store = fixture.Open();
        var random = new Random(7);
        var times = Enumerable.Range(0, 300).Select(i => (i * 100L) + random.Next(2000)).ToArray();
        foreach (var chunk in times.Chunk(10))
        {
            await store.AppendAsync(Batch(0, [.. chunk.Select(time => Record(Value(0), timestampUs: time))]), CancellationToken.None);
        }

        await store.TrimAsync(Topic, 0, 55, CancellationToken.None);
        FileLogStore[] stores = [store, fixture.Open()];
        foreach (var sought in Enumerable.Range(0, 100).Select(_ => (long)random.Next(33_000)).Append(0).Append(long.MaxValue))
        {
            var first = Array.FindIndex(times, 55, time => time >= sought);
            foreach (var one in stores)
            {
                Assert.AreEqual(first < 0 ? null : (UInt128?)(UInt128)first, await one.FindAsync(Topic, 0, sought, CancellationToken.None));
            }
        }
    }

    [TestMethod]
    public async Task A_search_in_an_empty_partition_finds_nothing()
    {
        await using var fixture = await WithTopicAsync();

        Assert.IsNull(await fixture.Open().FindAsync(Topic, 0, 0, CancellationToken.None));
    }
}
