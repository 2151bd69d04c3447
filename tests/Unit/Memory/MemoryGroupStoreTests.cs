using DashStream.Providers;
using DashStream.Stores;

namespace DashStream.Tests.Memory;

[TestClass]
public sealed class MemoryGroupStoreTests
{
    private readonly ManualTime _time = new();
    private readonly MemoryGroupStore _store;

    public MemoryGroupStoreTests() => _store = new MemoryGroupStore(static topic => topic != "none", _time);

    [TestMethod]
    public async Task An_unknown_group_reads_as_nothing()
    {
        var state = await _store.ReadAsync("t", "g", default);

        Assert.AreEqual(0, state.Version);
        Assert.IsTrue(state.Document.IsEmpty);
        Assert.IsEmpty(state.Partitions);
        Assert.AreEqual(_time.NowUs, state.NowUs);
    }

    [TestMethod]
    public async Task Only_one_of_two_replacements_wins()
    {
        Assert.IsTrue(await _store.TryReplaceAsync("t", "g", 0, new byte[] { 1 }, [new PartitionFence(0, 5)], default));
        Assert.IsTrue(await _store.TryReplaceAsync("t", "g", 1, new byte[] { 2 }, [new PartitionFence(1, 6)], default));
        Assert.IsFalse(await _store.TryReplaceAsync("t", "g", 1, new byte[] { 3 }, [new PartitionFence(1, 7)], default));
        Assert.IsFalse(await _store.TryReplaceAsync("t", "g", 0, new byte[] { 3 }, [], default));

        var state = await _store.ReadAsync("t", "g", default);
        Assert.AreEqual(2, state.Version);
        CollectionAssert.AreEqual(new byte[] { 2 }, state.Document.ToArray());
        CollectionAssert.AreEquivalent(new PartitionCommit[] { new(0, 5, null), new(1, 6, null) }, state.Partitions.ToArray());
    }

    [TestMethod]
    public async Task A_commit_needs_the_fence_and_never_goes_back()
    {
        await _store.TryReplaceAsync("t", "g", 0, default, [new PartitionFence(0, 5), new PartitionFence(1, 5)], default);

        var held = await _store.CommitAsync("t", "g", [new FencedCommit(0, 5, 10), new FencedCommit(1, 4, 10), new FencedCommit(2, 0, 10)], default);
        await _store.CommitAsync("t", "g", [new FencedCommit(0, 5, 3)], default);
        await _store.TryReplaceAsync("t", "g", 1, default, [new PartitionFence(0, 6)], default);
        var stale = await _store.CommitAsync("t", "g", [new FencedCommit(0, 5, 99)], default);

        CollectionAssert.AreEqual(new[] { true, false, false }, held.ToArray());
        Assert.IsFalse(stale[0]);
        var state = await _store.ReadAsync("t", "g", default);
        Assert.AreEqual(2, state.Version);
        CollectionAssert.AreEquivalent(new PartitionCommit[] { new(0, 6, 10), new(1, 5, null) }, state.Partitions.ToArray());
        Assert.IsFalse((await _store.CommitAsync("t", "other", [new FencedCommit(0, 0, 1)], default))[0]);
    }

    [TestMethod]
    public async Task A_reset_moves_a_commit_either_way_and_makes_the_group()
    {
        Assert.IsTrue(await _store.TryResetAsync("t", "g", 0, [new PartitionReset(0, 10)], default));
        Assert.IsTrue(await _store.TryResetAsync("t", "g", 1, [new PartitionReset(0, 3), new PartitionReset(1, null)], default));
        Assert.IsFalse(await _store.TryResetAsync("t", "g", 1, [new PartitionReset(0, 7)], default));

        var state = await _store.ReadAsync("t", "g", default);
        CollectionAssert.AreEquivalent(new PartitionCommit[] { new(0, 0, 3), new(1, 0, null) }, state.Partitions.ToArray());
    }

    [TestMethod]
    public async Task A_waiting_member_wakes_at_a_change_of_its_group()
    {
        var change = _store.WaitForChangeAsync("t", "g", 0, TimeSpan.FromHours(1), default).AsTask();
        var other = _store.WaitForChangeAsync("t", "other", 0, TimeSpan.FromSeconds(1), default).AsTask();
        await _store.TryReplaceAsync("t", "g", 0, default, [], default);
        await change;
        await _store.WaitForChangeAsync("t", "g", 0, TimeSpan.FromHours(1), default);
        Assert.IsFalse(other.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await other;

        var deletion = _store.WaitForChangeAsync("t", "g", 1, TimeSpan.FromHours(1), default).AsTask();
        Assert.IsFalse(await _store.TryDeleteAsync("t", "g", 7, default));
        Assert.IsTrue(await _store.TryDeleteAsync("t", "g", 1, default));
        await deletion;
    }

    [TestMethod]
    public async Task Groups_are_listed_by_topic_and_go_with_it()
    {
        await _store.TryReplaceAsync("t", "g", 0, default, [], default);
        await _store.TryReplaceAsync("u", "g", 0, default, [], default);

        Assert.HasCount(2, await _store.ListAsync(null, default));
        Assert.AreEqual(("u", "g"), (await _store.ListAsync("u", default)).Single());
        _store.DeleteTopic("u");
        Assert.HasCount(1, await _store.ListAsync(null, default));
    }
}
