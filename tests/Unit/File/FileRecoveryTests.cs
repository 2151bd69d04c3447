using DashStream.Providers;
using static DashStream.Tests.FileStore.FileStoreFixture;

namespace DashStream.Tests.FileStore;

[TestClass]
public sealed class FileRecoveryTests
{
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task A_tail_torn_at_any_byte_is_cut_and_its_offset_goes_to_the_next_record(bool writerComesFirst)
    {
        await using var fixture = await WithTopicAsync();
        var (before, after) = await LastAppendAsync(fixture, published: false);

        for (var length = before.Length + 1; length < after.Length; length++)
        {
            fixture.Restore(before.Snapshot);
            await WriteSegmentAsync(fixture, after.Bytes[..length]);
            var store = fixture.Open();

            var read = writerComesFirst ? [] : await ReadValuesAsync(store);
            var offsets = await AppendAsync(store, 0, "next");

            Assert.AreSequenceEqual(new ulong[] { 3 }, offsets);
            Assert.AreSequenceEqual(new[] { Value(0), Value(1), Value(2), "next" }, await ReadValuesAsync(fixture.Open()));
            Assert.IsTrue(writerComesFirst || read.Length == 3);
            var recovery = store.Recoveries.Single();
            Assert.AreEqual((length - before.Length, 0L, (long)before.Length), (recovery.CutBytes, recovery.LostRecords, recovery.BytePosition));
            Assert.AreSequenceEqual(after.Bytes[before.Length..length], await File.ReadAllBytesAsync(recovery.KeptIn!));
            Assert.Contains(recovery.Description, string.Join('\n', await store.CheckAsync(CancellationToken.None)));
        }
    }

    [TestMethod]
    public async Task A_batch_torn_anywhere_leaves_its_whole_records()
    {
        await using var fixture = await WithTopicAsync();
        var writer = fixture.Open();
        await AppendManyAsync(writer, 0, 2);
        var segment = fixture.Segments()[0];
        var (before, snapshot) = ((int)new FileInfo(segment).Length, fixture.Snapshot());
        await AppendManyAsync(writer, 2, 4);
        await writer.DisposeAsync();
        var bytes = await File.ReadAllBytesAsync(segment);
        var size = (bytes.Length - before) / 4;

        for (var length = before; length <= bytes.Length; length += 13)
        {
            fixture.Restore(snapshot);
            await WriteSegmentAsync(fixture, bytes[..length]);
            var store = fixture.Open();
            var whole = 2 + ((length - before) / size);

            Assert.AreSequenceEqual(Enumerable.Range(0, whole).Select(Value).ToArray(), await ReadValuesAsync(store));
            Assert.AreSequenceEqual(new[] { (ulong)whole }, await AppendAsync(store, 0, "next"));
            Assert.AreEqual((length - before) % size, store.Recoveries.Sum(recovery => recovery.CutBytes));
        }
    }

    [TestMethod]
    public async Task Whole_records_of_a_writer_that_died_before_it_published_them_are_kept()
    {
        await using var fixture = await WithTopicAsync();
        var (before, after) = await LastAppendAsync(fixture, published: false);
        fixture.Restore(before.Snapshot);
        await WriteSegmentAsync(fixture, after.Bytes);

        var store = fixture.Open();

        Assert.HasCount(4, await ReadValuesAsync(store));
        Assert.AreSequenceEqual(new ulong[] { 4 }, await AppendAsync(store, 0, "next"));
        Assert.IsEmpty(store.Recoveries);
    }

    [TestMethod]
    public async Task An_offset_whose_acknowledged_record_was_lost_is_never_given_out_again()
    {
        await using var fixture = await WithTopicAsync();
        var (before, after) = await LastAppendAsync(fixture, published: true);

        for (var length = before.Length; length < after.Length; length += 5)
        {
            fixture.Restore(after.Snapshot);
            await WriteSegmentAsync(fixture, after.Bytes[..length]);
            var store = fixture.Open();

            Assert.HasCount(3, await ReadValuesAsync(store));
            Assert.AreEqual((0UL, 4UL), await BoundsAsync(store));
            Assert.AreSequenceEqual(new ulong[] { 4 }, await AppendAsync(store, 0, "next"));
            Assert.AreSequenceEqual(new[] { Value(0), Value(1), Value(2), "next" }, await ReadValuesAsync(fixture.Open()));
            Assert.AreSequenceEqual(new[] { "next" }, await ReadValuesAsync(fixture.Open(), from: 3));
            Assert.AreEqual(1, store.Recoveries.Sum(recovery => recovery.LostRecords));
        }
    }

    [TestMethod]
    public async Task A_flipped_bit_in_the_last_record_is_a_torn_tail()
    {
        await using var fixture = await WithTopicAsync();
        var (before, after) = await LastAppendAsync(fixture, published: true);
        var bytes = after.Bytes.ToArray();
        bytes[before.Length + 40] ^= 1;
        await WriteSegmentAsync(fixture, bytes);

        var store = fixture.Open();
        var first = await ReadValuesAsync(store);

        Assert.AreSequenceEqual(new[] { Value(0), Value(1), Value(2) }, first);
        Assert.AreEqual(1, store.Recoveries.Sum(recovery => recovery.LostRecords));
        Assert.AreSequenceEqual(new ulong[] { 4 }, await AppendAsync(store, 0, "next"));
    }

    [TestMethod]
    public async Task Damage_in_the_middle_stays_fails_reading_there_and_stops_nobody_else()
    {
        await using var fixture = await WithTopicAsync();
        var writer = fixture.Open();
        await AppendManyAsync(writer, 0, 10);
        await writer.DisposeAsync();
        var segment = fixture.Segments()[0];
        var bytes = await File.ReadAllBytesAsync(segment);
        var size = (bytes.Length - 64) / 10;
        bytes[64 + (3 * size) + 40] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes);

        var store = fixture.Open();
        var start = await store.ReadAsync(Topic, 0, 0, 100, 100_000, CancellationToken.None);
        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => ReadValuesAsync(store, from: 3));
        var behind = await ReadValuesAsync(store, from: 4);
        var offsets = await AppendAsync(store, 0, "next");

        Assert.HasCount(3, start);
        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
        Assert.Contains(segment, error.Message);
        Assert.Contains($"byte {64 + (3 * size)}", error.Message);
        Assert.AreSequenceEqual(Enumerable.Range(4, 6).Select(Value).ToArray(), behind);
        Assert.AreSequenceEqual(new ulong[] { 10 }, offsets);
        Assert.AreSequenceEqual((string[])[.. Enumerable.Range(4, 6).Select(Value), "next"], await ReadValuesAsync(fixture.Open(), from: 4));
        Assert.AreSequenceEqual(bytes, await File.ReadAllBytesAsync(segment));
        Assert.Contains("damaged at byte", string.Join('\n', await store.CheckAsync(CancellationToken.None)));
    }

    [TestMethod]
    public async Task Damage_in_an_old_segment_fails_reading_there_and_a_trim_gives_it_up()
    {
        await using var fixture = await WithTopicAsync(segmentBytes: 4096);
        var store = fixture.Open();
        for (var i = 0; i < 10; i++)
        {
            await AppendManyAsync(store, i * 10, 10);
        }

        var segment = fixture.Segments()[0];
        var bytes = await File.ReadAllBytesAsync(segment);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes);
        var next = ulong.Parse(Path.GetFileNameWithoutExtension(fixture.Segments()[1]), null);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => ReadValuesAsync(store));
        await store.TrimAsync(Topic, 0, next, CancellationToken.None);

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
        Assert.HasCount(100 - (int)next, await ReadValuesAsync(store));
        Assert.IsFalse(File.Exists(segment));
    }

    [TestMethod]
    public async Task A_missing_segment_file_is_told_and_a_seek_behind_it_reads_on()
    {
        await using var fixture = await WithTopicAsync(segmentBytes: 4096);
        var writer = fixture.Open();
        for (var i = 0; i < 20; i++)
        {
            await AppendManyAsync(writer, i * 10, 10);
        }

        await writer.DisposeAsync();
        var next = ulong.Parse(Path.GetFileNameWithoutExtension(fixture.Segments()[2]), null);
        File.Delete(fixture.Segments()[1]);
        var store = fixture.Open();

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => ReadValuesAsync(store));

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
        Assert.Contains("missing", error.Message);
        Assert.HasCount(200 - (int)next, await ReadValuesAsync(store, next));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(10)]
    [DataRow(64)]
    public async Task A_writer_that_died_while_it_began_a_segment_leaves_nothing_in_the_way(int headerBytes)
    {
        await using var fixture = await WithTopicAsync(segmentBytes: 4096);
        var writer = fixture.Open();
        await AppendManyAsync(writer, 0, 60);
        var before = fixture.Snapshot();
        await AppendManyAsync(writer, 60, 1);
        await writer.DisposeAsync();
        var begun = fixture.Segments()[1];
        var bytes = await File.ReadAllBytesAsync(begun);
        fixture.Restore(before);
        await File.WriteAllBytesAsync(begun, bytes[..headerBytes]);

        var store = fixture.Open();

        Assert.HasCount(60, await ReadValuesAsync(store));
        Assert.AreSequenceEqual(new ulong[] { 60 }, await AppendManyAsync(store, 60, 1));
        Assert.AreSequenceEqual(Enumerable.Range(0, 61).Select(Value).ToArray(), await ReadValuesAsync(fixture.Open()));
    }

    [TestMethod]
    public async Task What_can_be_made_again_may_be_lost()
    {
        await using var fixture = await WithTopicAsync(segmentBytes: 4096);
        var writer = fixture.Open();
        for (var i = 0; i < 20; i++)
        {
            await AppendManyAsync(writer, i * 10, 10);
        }

        await writer.TrimAsync(Topic, 0, 77, CancellationToken.None);
        await writer.DisposeAsync();
        Directory.Delete(Path.Combine(fixture.Root, "ends"), recursive: true);
        Directory.CreateDirectory(Path.Combine(fixture.Root, "ends"));
        var indexes = Directory.GetFiles(fixture.PartitionFolder(), "*.idx");
        File.Delete(indexes[0]);
        await File.WriteAllBytesAsync(indexes[1], new byte[100]);

        var store = fixture.Open();

        Assert.AreEqual((77UL, 200UL), await BoundsAsync(store));
        Assert.AreSequenceEqual(Enumerable.Range(77, 123).Select(Value).ToArray(), await ReadValuesAsync(store));
        Assert.AreSequenceEqual(new ulong[] { 200 }, await AppendAsync(store, 0, "next"));
        Assert.IsEmpty(store.Recoveries);
    }

    [TestMethod]
    public async Task A_slot_that_holds_garbage_is_made_again()
    {
        await using var fixture = await WithTopicAsync();
        var writer = fixture.Open();
        await AppendManyAsync(writer, 0, 5);
        await writer.DisposeAsync();
        var ends = Path.Combine(fixture.Root, "ends", Topic);
        var bytes = await File.ReadAllBytesAsync(ends);
        bytes[70] ^= 1;
        await File.WriteAllBytesAsync(ends, bytes);

        var store = fixture.Open();

        Assert.HasCount(5, await ReadValuesAsync(store));
        Assert.AreSequenceEqual(new ulong[] { 5 }, await AppendAsync(store, 0, "next"));
    }

    [TestMethod]
    public async Task Side_files_of_cut_tails_are_bounded()
    {
        await using var fixture = await WithTopicAsync();
        for (var i = 0; i < 12; i++)
        {
            await AppendAsync(fixture.Open(), 0, "x");
            await File.AppendAllBytesAsync(fixture.Segments()[0], [1, 2, 3]);
        }

        await AppendAsync(fixture.Open(), 0, "x");

        Assert.HasCount(8, Directory.GetFiles(fixture.PartitionFolder(), "*.torn"));
        Assert.HasCount(13, await ReadValuesAsync(fixture.Open()));
    }

    /// <summary>Three records, then a fourth: the segment before and after, and the folder before it, or after it.</summary>
    private static async Task<((int Length, string Snapshot) Before, (int Length, byte[] Bytes, string Snapshot) After)> LastAppendAsync(
        FileStoreFixture fixture, bool published)
    {
        var store = fixture.Open();
        await AppendManyAsync(store, 0, 3);
        var segment = fixture.Segments()[0];
        var (length, before) = ((int)new FileInfo(segment).Length, published ? "" : fixture.Snapshot());
        await AppendManyAsync(store, 3, 1);
        await store.DisposeAsync();
        var bytes = await File.ReadAllBytesAsync(segment);
        return ((length, before), (bytes.Length, bytes, fixture.Snapshot()));
    }

    private static Task WriteSegmentAsync(FileStoreFixture fixture, byte[] bytes) => File.WriteAllBytesAsync(fixture.Segments()[0], bytes);
}
