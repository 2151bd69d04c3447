using DashStream.Providers;
using static DashStream.Tests.FileStore.FileStoreFixture;

namespace DashStream.Tests.FileStore;

[TestClass]
public sealed class FileFolderTests
{
    [TestMethod]
    public async Task Looking_at_a_folder_that_is_not_there_makes_nothing()
    {
        await using var fixture = new FileStoreFixture();
        var store = fixture.Open();

        Assert.IsEmpty(await store.ListTopicsAsync(CancellationToken.None));
        Assert.IsNull(await store.FindTopicAsync(Topic, CancellationToken.None));
        Assert.IsFalse(await store.DeleteTopicAsync(Topic, CancellationToken.None));
        Assert.HasCount(1, await store.CheckAsync(CancellationToken.None));
        Assert.IsFalse(Directory.Exists(fixture.Root));
    }

    [TestMethod]
    public async Task A_folder_that_holds_something_else_is_refused_and_stays_as_it_is()
    {
        await using var fixture = new FileStoreFixture();
        Directory.CreateDirectory(fixture.Root);
        await File.WriteAllTextAsync(Path.Combine(fixture.Root, "notes.txt"), "mine");
        var store = fixture.Open();

        var looking = await Assert.ThrowsExactlyAsync<StreamException>(async () => await store.FindTopicAsync(Topic, CancellationToken.None));
        var making = await Assert.ThrowsExactlyAsync<StreamException>(async () => await store.TryCreateTopicAsync(new TopicSpec(Topic), CancellationToken.None));

        Assert.AreEqual(StreamErrorKind.Incompatible, looking.Kind);
        Assert.AreEqual(StreamErrorKind.Incompatible, making.Kind);
        Assert.Contains(fixture.Root, making.Message);
        Assert.Contains("notes.txt", making.Message);
        Assert.AreSequenceEqual(new[] { "notes.txt" }, Directory.GetFileSystemEntries(fixture.Root).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    [DataRow("dashstream-file 2\n", "format 2")]
    [DataRow("something else\n", "not a store of ours")]
    [DataRow("", "not a store of ours")]
    public async Task A_newer_or_unknown_format_is_refused(string marker, string expected)
    {
        await using var fixture = await WithTopicAsync();
        await File.WriteAllTextAsync(Path.Combine(fixture.Root, "dashstream.format"), marker);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => AppendAsync(fixture.Open(), 0, "x"));

        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind);
        Assert.Contains(expected, error.Message);
        Assert.Contains(fixture.Root, error.Message);
    }

    [TestMethod]
    [DataRow("{\"version\":2}", StreamErrorKind.Incompatible)]
    [DataRow("{\"version\":", StreamErrorKind.Corrupt)]
    [DataRow("{\"version\":1,\"id\":5}", StreamErrorKind.Corrupt)]
    public async Task A_newer_or_damaged_topic_file_is_refused(string content, StreamErrorKind kind)
    {
        await using var fixture = await WithTopicAsync();
        var file = Path.Combine(fixture.Root, "topics", Topic, "topic.json");
        await File.WriteAllTextAsync(file, content);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => AppendAsync(fixture.Open(), 0, "x"));

        Assert.AreEqual(kind, error.Kind);
        Assert.Contains(file, error.Message);
    }

    [TestMethod]
    public async Task A_file_in_the_place_of_the_folder_is_refused()
    {
        await using var fixture = new FileStoreFixture();
        await File.WriteAllTextAsync(fixture.Root, "x");

        var error = await Assert.ThrowsExactlyAsync<StreamException>(async () => await fixture.Open().TryCreateTopicAsync(new TopicSpec(Topic), CancellationToken.None));

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
    }

    [TestMethod]
    public async Task A_store_that_vanished_fails_the_health_check()
    {
        await using var fixture = await WithTopicAsync();
        var store = fixture.Open();
        await AppendAsync(store, 0, "x");
        Assert.IsEmpty(await store.CheckAsync(CancellationToken.None));
        Directory.Move(fixture.Root, fixture.Root + ".away");

        var error = await Assert.ThrowsExactlyAsync<StreamException>(async () => await store.CheckAsync(CancellationToken.None));
        Directory.Move(fixture.Root + ".away", fixture.Root);

        Assert.AreEqual(StreamErrorKind.NotFound, error.Kind);
        Assert.IsEmpty(await store.CheckAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task Many_stores_may_begin_in_one_empty_folder_at_once()
    {
        await using var fixture = new FileStoreFixture();
        fixture.Options.LockTimeout = TimeSpan.FromSeconds(20);

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            await fixture.Open().TryCreateTopicAsync(new TopicSpec(Topic, 2), CancellationToken.None))));

        Assert.AreEqual(1, made.Count(one => one));
        Assert.AreSequenceEqual(new ulong[] { 0 }, await AppendAsync(fixture.Open(), 0, "x"));
    }

    [TestMethod]
    public async Task A_deletion_that_was_interrupted_is_finished()
    {
        await using var fixture = await WithTopicAsync(partitions: 2);
        var store = fixture.Open();
        await AppendAsync(store, 0, "old");
        using (var other = new FileLock(Path.Combine(fixture.PartitionFolder(1), "append.lock"), TimeSpan.FromSeconds(1)))
        using (await other.AcquireAsync(CancellationToken.None))
        {
            var error = await Assert.ThrowsExactlyAsync<StreamException>(async () => await store.DeleteTopicAsync(Topic, CancellationToken.None));
            Assert.AreEqual(StreamErrorKind.Transient, error.Kind);
        }

        var second = fixture.Open();
        Assert.IsNull(await second.FindTopicAsync(Topic, CancellationToken.None));
        Assert.IsEmpty(await second.ListTopicsAsync(CancellationToken.None));
        Assert.IsTrue(await second.TryCreateTopicAsync(new TopicSpec(Topic, 1), CancellationToken.None));
        Assert.IsEmpty(await ReadValuesAsync(store));
        Assert.IsEmpty(Directory.GetDirectories(Path.Combine(fixture.Root, "passing")));
    }

    [TestMethod]
    public void Options_out_of_range_are_named()
    {
        var options = new FileProviderOptions
        {
            Fsync = (FsyncPolicy)9,
            FsyncInterval = TimeSpan.Zero,
            SegmentBytes = 1,
            IndexIntervalBytes = 1,
            LockTimeout = TimeSpan.Zero,
            MaxOpenFiles = 7,
            PollInterval = TimeSpan.Zero,
        };

        var error = Assert.ThrowsExactly<StreamException>(() => new FileProvider("x", options));

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        foreach (var name in new[] { "Fsync ", "FsyncInterval", "SegmentBytes", "IndexIntervalBytes", "MaxOpenFiles", "LockTimeout", "PollInterval" })
        {
            Assert.Contains(name, error.Message);
        }
    }
}
