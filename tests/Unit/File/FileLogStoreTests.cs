using System.Text;
using DashStream.Providers;
using static DashStream.Tests.FileStore.FileStoreFixture;

namespace DashStream.Tests.FileStore;

[TestClass]
public sealed class FileLogStoreTests
{
    [TestMethod]
    public async Task Every_field_of_a_record_survives()
    {
        await using var fixture = await WithTopicAsync();
        var store = fixture.Open();
        StreamRecord[] sent =
        [
            new(new byte[] { 0, 255, 7 }, new byte[] { 1, 2 }, [new("n", new byte[] { 9 }), new("n", ReadOnlyMemory<byte>.Empty), new("ünï", "ö")], 123_456_789),
            new(default, null, null, 5),
            new(default, ReadOnlyMemory<byte>.Empty, null, long.MaxValue),
        ];

        await store.AppendAsync(Batch(0, sent), CancellationToken.None);
        var read = await ReadAsync(fixture.Open());

        Assert.HasCount(3, read);
        for (var i = 0; i < sent.Length; i++)
        {
            Assert.AreEqual(new StreamPosition(0, (UInt128)i), read[i].Position);
            Assert.AreEqual(sent[i].TimestampUs, read[i].TimestampUs);
            Assert.IsTrue(sent[i].Key.Span.SequenceEqual(read[i].Key.Span));
            Assert.AreEqual(sent[i].Value is null, read[i].Value is null);
            Assert.IsTrue((sent[i].Value ?? default).Span.SequenceEqual((read[i].Value ?? default).Span));
            Assert.AreSequenceEqual(
                sent[i].Headers.Select(header => (header.Name, Convert.ToHexString(header.Value.Span))).ToArray(),
                read[i].Headers.Select(header => (header.Name, Convert.ToHexString(header.Value.Span))).ToArray());
        }
    }

    [TestMethod]
    public async Task Records_go_over_many_segments_and_come_back_from_any_offset()
    {
        await using var fixture = await WithTopicAsync(segmentBytes: 4096);
        var writer = fixture.Open();
        for (var i = 0; i < 50; i++)
        {
            await AppendManyAsync(writer, i * 10, 10);
        }

        var reader = fixture.Open();
        var segments = fixture.Segments();

        Assert.IsGreaterThan(5, segments.Length);
        for (ulong from = 0; from <= 500; from += 7)
        {
            var values = await ReadValuesAsync(reader, from);
            Assert.AreSequenceEqual(Enumerable.Range((int)from, 500 - (int)from).Select(Value).ToArray(), values);
        }
    }

    [TestMethod]
    public async Task A_read_keeps_to_its_limits_and_gives_one_record_at_least()
    {
        await using var fixture = await WithTopicAsync();
        var store = fixture.Open();
        await AppendManyAsync(store, 0, 20);
        var one = Value(0).Length + 1;

        var byCount = await store.ReadAsync(Topic, 0, 0, 7, 1_000_000, CancellationToken.None);
        var byBytes = await store.ReadAsync(Topic, 0, 0, 100, one * 3, CancellationToken.None);
        var least = await store.ReadAsync(Topic, 0, 5, 100, 1, CancellationToken.None);

        Assert.HasCount(7, byCount);
        Assert.HasCount(3, byBytes);
        Assert.AreEqual((UInt128)5, least.Single().Position!.Value.Offset);
    }

    [TestMethod]
    public async Task A_batch_over_several_partitions_gets_its_own_offsets_in_each()
    {
        await using var fixture = await WithTopicAsync(partitions: 3);
        var store = fixture.Open();
        var batch = Batch(0, Record("a"), Record("b"));
        batch.Add(Record("c"), 2, 1, 2);
        batch.Add(Record("d"), 0, 1, 3);

        await store.AppendAsync(batch, CancellationToken.None);

        Assert.AreSequenceEqual(new UInt128[] { 0, 1, 0, 2 }, Enumerable.Range(0, 4).Select(batch.OffsetAt).ToArray());
        Assert.AreSequenceEqual(new[] { "a", "b", "d" }, await ReadValuesAsync(store));
        Assert.IsEmpty(await ReadValuesAsync(store, partition: 1));
        Assert.AreSequenceEqual(new[] { "c" }, await ReadValuesAsync(store, partition: 2));
    }

    [TestMethod]
    public async Task A_topic_made_again_starts_anew_and_those_who_had_the_old_one_see_it()
    {
        await using var fixture = await WithTopicAsync(partitions: 2);
        var (first, second) = (fixture.Open(), fixture.Open());
        await AppendAsync(first, 0, "old");
        Assert.HasCount(1, await ReadValuesAsync(second));

        Assert.IsTrue(await first.DeleteTopicAsync(Topic, CancellationToken.None));
        var gone = await Assert.ThrowsExactlyAsync<StreamException>(() => AppendAsync(second, 0, "lost"));
        Assert.IsTrue(await second.TryCreateTopicAsync(new TopicSpec(Topic, 3), CancellationToken.None));
        var offsets = await AppendAsync(first, 0, "new");

        Assert.AreEqual(StreamErrorKind.NotFound, gone.Kind);
        Assert.AreSequenceEqual(new ulong[] { 0 }, offsets);
        Assert.AreSequenceEqual(new[] { "new" }, await ReadValuesAsync(second));
        Assert.AreEqual(3, (await first.FindTopicAsync(Topic, CancellationToken.None))!.Partitions);
        Assert.IsFalse(await first.TryCreateTopicAsync(new TopicSpec(Topic, 1), CancellationToken.None));
        Assert.IsFalse(await first.DeleteTopicAsync("other", CancellationToken.None));
    }

    [TestMethod]
    public async Task A_topic_keeps_its_spec()
    {
        await using var fixture = new FileStoreFixture();
        var spec = new TopicSpec("a.b-C_1", 7) { RetentionAge = TimeSpan.FromHours(3), RetentionBytes = 12345 };
        Assert.IsTrue(await fixture.Open().TryCreateTopicAsync(spec, CancellationToken.None));

        var reopened = fixture.Open();

        Assert.AreEqual(spec, await reopened.FindTopicAsync(spec.Name, CancellationToken.None));
        Assert.AreSequenceEqual(new[] { spec.Name }, (await reopened.ListTopicsAsync(CancellationToken.None)).ToArray());
        Assert.IsNull(await reopened.FindTopicAsync("none", CancellationToken.None));
    }

    [TestMethod]
    public async Task Two_stores_append_at_once_and_every_offset_is_given_once()
    {
        await using var fixture = await WithTopicAsync(segmentBytes: 4096);
        fixture.Options.LockTimeout = TimeSpan.FromSeconds(20);
        FileLogStore[] stores = [fixture.Open(), fixture.Open(), fixture.Open()];

        var offsets = await Task.WhenAll(stores.Select((store, number) => Task.Run(async () =>
        {
            List<(ulong Offset, string Value)> mine = [];
            for (var i = 0; i < 60; i++)
            {
                var value = $"{number}:{i}";
                mine.Add(((await AppendAsync(store, 0, value))[0], value));
            }

            return mine;
        })));

        var expected = offsets.SelectMany(mine => mine).OrderBy(mine => mine.Offset).ToArray();
        Assert.AreSequenceEqual(Enumerable.Range(0, 180).Select(i => (ulong)i).ToArray(), expected.Select(mine => mine.Offset).ToArray());
        Assert.AreSequenceEqual(expected.Select(mine => mine.Value).ToArray(), await ReadValuesAsync(fixture.Open()));
        Assert.IsEmpty(stores.SelectMany(store => store.Recoveries).ToArray());
    }

    [TestMethod]
    public async Task A_waiting_reader_wakes_when_another_store_appends()
    {
        await using var fixture = await WithTopicAsync();
        var (writer, reader) = (fixture.Open(), fixture.Open());
        var stamp = await reader.GetStampAsync(Topic, CancellationToken.None);

        var wait = reader.WaitForAppendAsync(Topic, stamp, TimeSpan.FromMinutes(5), CancellationToken.None).AsTask();
        await AppendAsync(writer, 0, "x");
        await wait.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.AreNotEqual(stamp, await reader.GetStampAsync(Topic, CancellationToken.None));
    }

    [TestMethod]
    public async Task A_wait_ends_at_once_when_the_stamp_is_old_and_in_time_when_nothing_comes()
    {
        await using var fixture = await WithTopicAsync();
        var store = fixture.Open();
        var stamp = await store.GetStampAsync(Topic, CancellationToken.None);
        await AppendAsync(store, 0, "x");

        await store.WaitForAppendAsync(Topic, stamp, TimeSpan.FromMinutes(5), CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        stamp = await store.GetStampAsync(Topic, CancellationToken.None);
        await store.WaitForAppendAsync(Topic, stamp, TimeSpan.FromMilliseconds(20), CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.AreEqual(stamp, await store.GetStampAsync(Topic, CancellationToken.None));
    }

    [TestMethod]
    public async Task Without_notices_of_the_file_system_a_waiting_reader_looks_by_itself()
    {
        await using var fixture = new FileStoreFixture { Options = { PollInterval = TimeSpan.FromMilliseconds(10) } };
        var store = new StoreContext(new StoreFolder(fixture.Root), fixture.Options, TimeProvider.System, new StoreJournal());
        using var signals = new StoreSignals(store);
        var looks = 0;

        await signals.WaitAsync(Topic, () => ++looks == 3, TimeSpan.FromMinutes(5), CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.AreEqual(3, looks);
    }

    [TestMethod]
    public async Task A_lock_held_by_somebody_else_is_a_transient_error_in_bounded_time()
    {
        await using var fixture = await WithTopicAsync();
        var store = fixture.Open();
        using var other = new FileLock(Path.Combine(fixture.PartitionFolder(), "append.lock"), TimeSpan.FromSeconds(1));
        using (await other.AcquireAsync(CancellationToken.None))
        {
            var error = await Assert.ThrowsExactlyAsync<StreamException>(() => AppendAsync(store, 0, "x"));
            Assert.AreEqual(StreamErrorKind.Transient, error.Kind);
            Assert.Contains("append.lock", error.Message);
        }

        Assert.AreSequenceEqual(new ulong[] { 0 }, await AppendAsync(store, 0, "x"));
    }

    [TestMethod]
    public async Task A_value_that_holds_a_whole_segment_does_not_confuse_anybody()
    {
        await using var fixture = await WithTopicAsync();
        var store = fixture.Open();
        await AppendManyAsync(store, 0, 3);
        var copy = await File.ReadAllBytesAsync(fixture.Segments()[0]);

        await store.AppendAsync(Batch(0, new StreamRecord(default, copy, null, 1)), CancellationToken.None);
        await AppendAsync(store, 0, "after");
        var read = await ReadAsync(fixture.Open());

        Assert.HasCount(5, read);
        Assert.IsTrue(copy.AsSpan().SequenceEqual(read[3].Value!.Value.Span));
        Assert.AreEqual("after", Encoding.UTF8.GetString(read[4].Value!.Value.Span));
    }

    [TestMethod]
    public async Task More_segments_than_are_kept_open_are_read_all_the_same()
    {
        await using var fixture = await WithTopicAsync(segmentBytes: 4096);
        var store = fixture.Open();
        var text = new string('x', 4096);
        for (var i = 0; i < 600; i++)
        {
            await AppendAsync(store, 0, text);
        }

        Assert.HasCount(600, fixture.Segments());
        Assert.HasCount(600, await ReadAsync(store));
        Assert.HasCount(600, await ReadAsync(store));
    }

    [TestMethod]
    public async Task Users_of_a_topic_that_is_deleted_under_them_are_told_that_it_is_gone()
    {
        await using var fixture = await WithTopicAsync(partitions: 2);
        fixture.Options.LockTimeout = TimeSpan.FromSeconds(20);
        var (store, other) = (fixture.Open(), fixture.Open());
        var users = new[] { store, other }.Select(user => Task.Run(async () =>
        {
            for (var i = 0; ; i++)
            {
                await AppendAsync(user, i % 2, "x");
                await user.ReadAsync(Topic, i % 2, 0, 10, 1000, CancellationToken.None);
            }
        })).ToArray();
        while ((await BoundsAsync(store)).End < 20)
        {
            await Task.Yield();
        }

        Assert.IsTrue(await store.DeleteTopicAsync(Topic, CancellationToken.None));

        foreach (var user in users)
        {
            var error = await Assert.ThrowsExactlyAsync<StreamException>(() => user);
            Assert.AreEqual(StreamErrorKind.NotFound, error.Kind);
        }
    }

    [TestMethod]
    public async Task A_disposed_store_says_that_it_is_closed()
    {
        await using var fixture = await WithTopicAsync();
        var store = fixture.Open();
        await AppendAsync(store, 0, "x");
        await store.DisposeAsync();
        await store.DisposeAsync();

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => AppendAsync(store, 0, "y"));

        Assert.AreEqual(StreamErrorKind.Closed, error.Kind);
    }
}
