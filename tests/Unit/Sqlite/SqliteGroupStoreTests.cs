using DashStream.Stores;
using static DashStream.Tests.Sqlite.SqliteFolder;

namespace DashStream.Tests.Sqlite;

[TestClass]
public sealed class SqliteGroupStoreTests
{
    private const string Group = "g";
    private static readonly UInt128 Huge = UInt128.MaxValue - 5;

    private readonly SqliteFolder _folder = new();

    [TestCleanup]
    public async Task CleanUp() => await _folder.DisposeAsync();

    [TestMethod]
    public async Task An_unknown_group_reads_as_version_0()
    {
        var groups = (await _folder.OpenWithTopicAsync()).Groups;

        var state = await groups.ReadAsync(Topic, Group, CancellationToken.None);

        Assert.AreEqual(0, state.Version);
        Assert.AreEqual(0, state.Document.Length);
        Assert.IsEmpty(state.Partitions);
        Assert.AreEqual(_folder.Time.NowUs, state.NowUs);
    }

    [TestMethod]
    public async Task Only_the_first_of_two_replacements_of_a_version_wins()
    {
        var one = (await _folder.OpenWithTopicAsync()).Groups;
        var two = _folder.Open().Groups;

        Assert.IsTrue(await one.TryReplaceAsync(Topic, Group, 0, new byte[] { 1 }, [new(0, 7), new(1, 7)], CancellationToken.None));
        Assert.IsFalse(await two.TryReplaceAsync(Topic, Group, 0, new byte[] { 2 }, [new(0, 8)], CancellationToken.None));
        Assert.IsTrue(await two.TryReplaceAsync(Topic, Group, 1, new byte[] { 3 }, [new(1, 9)], CancellationToken.None));

        var state = await one.ReadAsync(Topic, Group, CancellationToken.None);
        Assert.AreEqual(2, state.Version);
        CollectionAssert.AreEqual(new byte[] { 3 }, state.Document.ToArray());
        CollectionAssert.AreEquivalent(new PartitionCommit[] { new(0, 7, null), new(1, 9, null) }, state.Partitions.ToArray());
    }

    [TestMethod]
    public async Task Many_replacements_at_once_come_one_after_the_other()
    {
        var stores = new[] { (await _folder.OpenWithTopicAsync()).Groups, _folder.Open().Groups };

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            for (var done = 0; done < 10;)
            {
                var state = await stores[i % 2].ReadAsync(Topic, Group, CancellationToken.None);
                var document = new byte[] { (byte)(state.Document.IsEmpty ? 1 : state.Document.Span[0] + 1) };
                done += await stores[i % 2].TryReplaceAsync(Topic, Group, state.Version, document, [], CancellationToken.None) ? 1 : 0;
            }
        })));

        var end = await stores[0].ReadAsync(Topic, Group, CancellationToken.None);
        Assert.AreEqual(80, end.Version);
        Assert.AreEqual(80, end.Document.Span[0]);
    }

    [TestMethod]
    public async Task A_commit_needs_its_fence_and_never_goes_back()
    {
        var groups = (await _folder.OpenWithTopicAsync()).Groups;
        await groups.TryReplaceAsync(Topic, Group, 0, default, [new(0, 5), new(1, 5)], CancellationToken.None);

        var held = await groups.CommitAsync(Topic, Group, [new(0, 5, 10), new(1, 4, 10), new(2, 5, 10)], CancellationToken.None);
        var lower = await groups.CommitAsync(Topic, Group, [new(0, 5, 3)], CancellationToken.None);

        CollectionAssert.AreEqual(new[] { true, false, false }, held.ToArray());
        CollectionAssert.AreEqual(new[] { true }, lower.ToArray());
        var state = await groups.ReadAsync(Topic, Group, CancellationToken.None);
        Assert.AreEqual(1, state.Version);
        CollectionAssert.AreEquivalent(new PartitionCommit[] { new(0, 5, 10), new(1, 5, null) }, state.Partitions.ToArray());
    }

    [TestMethod]
    public async Task Offsets_of_128_bits_are_kept_and_compared()
    {
        var groups = (await _folder.OpenWithTopicAsync()).Groups;
        await groups.TryReplaceAsync(Topic, Group, 0, default, [new(0, 5)], CancellationToken.None);

        foreach (var offset in new UInt128[] { 1, long.MaxValue, Huge, ulong.MaxValue, 7 })
        {
            await groups.CommitAsync(Topic, Group, [new(0, 5, offset)], CancellationToken.None);
        }

        Assert.AreEqual(Huge, (await groups.ReadAsync(Topic, Group, CancellationToken.None)).Partitions.Single().Committed);
    }

    [TestMethod]
    public async Task A_reset_moves_commits_anywhere_and_keeps_fences()
    {
        var groups = (await _folder.OpenWithTopicAsync()).Groups;
        await groups.TryReplaceAsync(Topic, Group, 0, new byte[] { 1 }, [new(0, 5), new(1, 6)], CancellationToken.None);
        await groups.CommitAsync(Topic, Group, [new(0, 5, 10), new(1, 6, 10)], CancellationToken.None);

        Assert.IsFalse(await groups.TryResetAsync(Topic, Group, 0, [new(0, 1)], CancellationToken.None));
        Assert.IsTrue(await groups.TryResetAsync(Topic, Group, 1, [new(0, 2), new(1, null), new(2, 9)], CancellationToken.None));

        var state = await groups.ReadAsync(Topic, Group, CancellationToken.None);
        Assert.AreEqual(2, state.Version);
        Assert.AreEqual(1, state.Document.Length);
        CollectionAssert.AreEquivalent(new PartitionCommit[] { new(0, 5, 2), new(1, 6, null), new(2, 0, 9) }, state.Partitions.ToArray());
    }

    [TestMethod]
    public async Task A_reset_makes_a_group_that_does_not_exist()
    {
        var groups = (await _folder.OpenWithTopicAsync()).Groups;

        Assert.IsTrue(await groups.TryResetAsync(Topic, Group, 0, [new(0, 3)], CancellationToken.None));

        Assert.AreEqual(1, (await groups.ReadAsync(Topic, Group, CancellationToken.None)).Version);
    }

    [TestMethod]
    [DataRow(false, DisplayName = "by its own store")]
    [DataRow(true, DisplayName = "by another store")]
    public async Task A_change_wakes_those_who_wait(bool other)
    {
        var waiting = await _folder.OpenWithTopicAsync();
        var changing = other ? _folder.Open() : waiting;
        for (var version = 0; version < 10; version++)
        {
            var wait = waiting.Groups.WaitForChangeAsync(Topic, Group, version, TimeSpan.FromDays(1), CancellationToken.None).AsTask();

            Assert.IsTrue(await changing.Groups.TryReplaceAsync(Topic, Group, version, default, [], CancellationToken.None));

            await wait.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    [TestMethod]
    public async Task Groups_are_listed_deleted_and_go_with_their_topic()
    {
        var store = await _folder.OpenWithTopicAsync();
        await store.TryCreateTopicAsync(new TopicSpec("other"), CancellationToken.None);
        await store.Groups.TryReplaceAsync(Topic, "a", 0, default, [new(0, 1)], CancellationToken.None);
        await store.Groups.TryReplaceAsync(Topic, "b", 0, default, [], CancellationToken.None);
        await store.Groups.TryReplaceAsync("other", "a", 0, default, [], CancellationToken.None);

        Assert.HasCount(3, await store.Groups.ListAsync(null, CancellationToken.None));
        Assert.HasCount(2, await store.Groups.ListAsync(Topic, CancellationToken.None));
        Assert.IsFalse(await store.Groups.TryDeleteAsync(Topic, "b", 2, CancellationToken.None));
        Assert.IsTrue(await store.Groups.TryDeleteAsync(Topic, "b", 1, CancellationToken.None));
        Assert.IsFalse(await store.Groups.TryDeleteAsync(Topic, "b", 1, CancellationToken.None));

        await store.DeleteTopicAsync(Topic, CancellationToken.None);

        CollectionAssert.AreEqual(new[] { ("other", "a") }, (await store.Groups.ListAsync(null, CancellationToken.None)).ToArray());
        Assert.AreEqual(0L, _folder.Query("SELECT count(*) FROM group_partitions"));
    }

    [TestMethod]
    public async Task A_group_needs_its_topic()
    {
        var store = await _folder.OpenWithTopicAsync();
        await store.Groups.TryReplaceAsync(Topic, Group, 0, default, [new(0, 1)], CancellationToken.None);
        await store.DeleteTopicAsync(Topic, CancellationToken.None);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(
            () => store.Groups.TryReplaceAsync(Topic, Group, 0, default, [], CancellationToken.None).AsTask());
        var commit = await store.Groups.CommitAsync(Topic, Group, [new(0, 1, 1)], CancellationToken.None);

        Assert.AreEqual(StreamErrorKind.NotFound, error.Kind);
        Assert.IsFalse(commit[0]);
    }
}
