using System.Text;
using DashStream.Providers;
using DashStream.Stores;
using static DashStream.Tests.FileStore.FileStoreFixture;

namespace DashStream.Tests.FileStore;

[TestClass]
public sealed class FileGroupStoreTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [TestMethod]
    public async Task A_group_is_replaced_only_under_its_version_and_seen_by_all_stores()
    {
        await using var fixture = await WithTopicAsync();
        var (first, second) = (fixture.Open().Groups, fixture.Open().Groups);

        var unknown = await first.ReadAsync(Topic, "g", None);
        var made = await first.TryReplaceAsync(Topic, "g", 0, Bytes("one"), [new PartitionFence(0, 7)], None);
        var late = await second.TryReplaceAsync(Topic, "g", 0, Bytes("two"), [], None);
        var next = await second.TryReplaceAsync(Topic, "g", 1, Bytes("two"), [new PartitionFence(1, 8)], None);
        var state = await fixture.Open().Groups.ReadAsync(Topic, "g", None);

        Assert.AreEqual((0L, 0), (unknown.Version, unknown.Document.Length));
        Assert.AreEqual((true, false, true), (made, late, next));
        Assert.AreEqual((2L, "two"), (state.Version, Encoding.UTF8.GetString(state.Document.Span)));
        Assert.AreSequenceEqual(
            new[] { new PartitionCommit(0, 7, null), new PartitionCommit(1, 8, null) }, state.Partitions.OrderBy(row => row.Partition).ToArray());
        Assert.AreEqual(fixture.Time.NowUs, state.NowUs);
    }

    [TestMethod]
    public async Task Commits_hold_under_their_fence_only_and_never_go_back()
    {
        await using var fixture = await WithTopicAsync();
        var groups = fixture.Open().Groups;
        await groups.TryReplaceAsync(Topic, "g", 0, Bytes(""), [new PartitionFence(0, 1), new PartitionFence(1, 2)], None);

        var first = await groups.CommitAsync(Topic, "g", [new(0, 1, 10), new(1, 1, 10), new(2, 1, 10)], None);
        var lower = await groups.CommitAsync(Topic, "g", [new(0, 1, 5), new(1, 2, UInt128.MaxValue)], None);
        await groups.TryReplaceAsync(Topic, "g", 1, Bytes(""), [new PartitionFence(0, 3)], None);
        var fenced = await groups.CommitAsync(Topic, "g", [new(0, 1, 20)], None);
        var state = await fixture.Open().Groups.ReadAsync(Topic, "g", None);

        Assert.AreSequenceEqual(new[] { true, false, false }, first.ToArray());
        Assert.AreSequenceEqual(new[] { true, true }, lower.ToArray());
        Assert.AreSequenceEqual(new[] { false }, fenced.ToArray());
        Assert.AreEqual(2, state.Version);
        Assert.AreSequenceEqual(
            new[] { new PartitionCommit(0, 3, 10), new PartitionCommit(1, 2, UInt128.MaxValue) }, state.Partitions.OrderBy(row => row.Partition).ToArray());
    }

    [TestMethod]
    public async Task A_reset_sets_commits_up_down_and_to_none_and_raises_the_version()
    {
        await using var fixture = await WithTopicAsync();
        var groups = fixture.Open().Groups;

        var made = await groups.TryResetAsync(Topic, "g", 0, [new(0, 5), new(1, 6)], None);
        var late = await groups.TryResetAsync(Topic, "g", 0, [new(0, 9)], None);
        var again = await groups.TryResetAsync(Topic, "g", 1, [new(0, 2), new(1, null)], None);
        var state = await groups.ReadAsync(Topic, "g", None);

        Assert.AreEqual((true, false, true, 2L), (made, late, again, state.Version));
        Assert.AreSequenceEqual(
            new[] { new PartitionCommit(0, 0, 2), new PartitionCommit(1, 0, null) }, state.Partitions.OrderBy(row => row.Partition).ToArray());
    }

    [TestMethod]
    public async Task Groups_are_listed_deleted_under_their_version_and_gone_with_their_topic()
    {
        await using var fixture = await WithTopicAsync();
        var store = fixture.Open();
        var groups = store.Groups;
        await store.TryCreateTopicAsync(new TopicSpec("other"), None);
        foreach (var (topic, group) in new[] { (Topic, "a"), (Topic, "a.lock"), (Topic, new string('x', 249)), ("other", "a") })
        {
            Assert.IsTrue(await groups.TryReplaceAsync(topic, group, 0, Bytes(group), [], None));
        }

        Assert.HasCount(4, await groups.ListAsync(null, None));
        Assert.HasCount(3, await groups.ListAsync(Topic, None));
        Assert.IsFalse(await groups.TryDeleteAsync(Topic, "a", 2, None));
        Assert.IsFalse(await groups.TryDeleteAsync(Topic, "none", 0, None));
        Assert.IsTrue(await groups.TryDeleteAsync(Topic, "a", 1, None));
        Assert.AreSequenceEqual(
            new[] { "a.lock", new string('x', 249) }, (await groups.ListAsync(Topic, None)).Select(group => group.Group).Order(StringComparer.Ordinal).ToArray());
        await store.DeleteTopicAsync(Topic, None);
        Assert.AreEqual(0, (await groups.ReadAsync(Topic, "a.lock", None)).Version);
        var error = await Assert.ThrowsExactlyAsync<StreamException>(async () => await groups.TryReplaceAsync(Topic, "a", 0, Bytes("x"), [], None));
        Assert.AreEqual(StreamErrorKind.NotFound, error.Kind);
        Assert.HasCount(1, await groups.ListAsync(null, None));
    }

    [TestMethod]
    public async Task A_waiting_member_wakes_when_another_store_changes_the_group()
    {
        await using var fixture = await WithTopicAsync();
        var (first, second) = (fixture.Open().Groups, fixture.Open().Groups);

        var wait = first.WaitForChangeAsync(Topic, "g", 0, TimeSpan.FromMinutes(5), None).AsTask();
        await second.TryReplaceAsync(Topic, "g", 0, Bytes("x"), [], None);

        await wait.WaitAsync(TimeSpan.FromSeconds(20));
        await first.WaitForChangeAsync(Topic, "g", 1, TimeSpan.FromMilliseconds(10), None).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
    }

    [TestMethod]
    public async Task Many_stores_change_one_group_and_each_version_has_one_author()
    {
        await using var fixture = await WithTopicAsync();
        fixture.Options.LockTimeout = TimeSpan.FromSeconds(20);
        var won = await Task.WhenAll(Enumerable.Range(0, 4).Select(number => Task.Run(async () =>
        {
            var groups = fixture.Open().Groups;
            var mine = 0;
            for (var i = 0; i < 25; i++)
            {
                var state = await groups.ReadAsync(Topic, "g", None);
                mine += await groups.TryReplaceAsync(Topic, "g", state.Version, Bytes($"{number}"), [], None) ? 1 : 0;
            }

            return mine;
        })));

        var state = await fixture.Open().Groups.ReadAsync(Topic, "g", None);

        Assert.AreEqual(won.Sum(), state.Version);
    }

    [TestMethod]
    public async Task A_damaged_group_file_is_told_by_name()
    {
        await using var fixture = await WithTopicAsync();
        var groups = fixture.Open().Groups;
        await groups.TryReplaceAsync(Topic, "g", 0, Bytes("document"), [], None);
        var file = Path.Combine(fixture.Root, "topics", Topic, "groups", "g.grp");
        await File.WriteAllBytesAsync(file, (await File.ReadAllBytesAsync(file))[..^3]);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(async () => await groups.ReadAsync(Topic, "g", None));

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
        Assert.Contains(file, error.Message);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
