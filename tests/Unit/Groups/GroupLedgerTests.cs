using DashStream.Groups;

namespace DashStream.Tests.Groups;

[TestClass]
public sealed class GroupLedgerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    [TestMethod]
    public async Task A_change_that_others_overtook_is_made_on_top_of_theirs()
    {
        await using var fixture = new ReadingFixture(partitions: 2);
        var theirs = Ledger(fixture, fixture.NewStore());
        var ours = fixture.NewStore();
        ours.HookedGroups.OnReplace = async attempt =>
        {
            if (attempt < 3)
            {
                await theirs.UpdateAsync(view => Join(view, $"other{attempt}"), Limit, default);
            }
        };

        var view = await Ledger(fixture, ours).UpdateAsync(view => Join(view, "me"), Limit, default);

        CollectionAssert.AreEqual(new[] { "other0", "other1", "other2", "me" }, view.Document.Members.Select(member => member.Id).ToArray());
        Assert.AreEqual(4, view.Version);
    }

    [TestMethod]
    public async Task Many_joins_at_once_all_get_in_and_numbers_differ()
    {
        await using var fixture = new ReadingFixture(partitions: 8);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(
            () => Ledger(fixture, fixture.NewStore()).UpdateAsync(view => Join(view, $"m{i}"), TimeSpan.FromSeconds(20), default).AsTask())));

        var view = await Ledger(fixture, fixture.Store).ReadAsync(Limit, default);
        Assert.HasCount(16, view.Document.Members.Select(member => member.Number).Distinct().ToList());
        CollectionAssert.AreEquivalent(
            view.Document.Partitions.Select((entry, p) => (p, entry.Fence)).ToList(), view.Commits.Select(row => (row.Partition, row.Fence)).ToList());
    }

    [TestMethod]
    public async Task Being_overtaken_forever_ends_as_transient()
    {
        var time = new ManualTime();
        await using var fixture = new ReadingFixture(partitions: 1, time);
        var theirs = Ledger(fixture, fixture.NewStore());
        fixture.Store.HookedGroups.OnReplace = async attempt => await theirs.UpdateAsync(view => Join(view, $"other{attempt}"), Limit, default);

        var update = Ledger(fixture, fixture.Store).UpdateAsync(view => Join(view, "me"), Limit, default).AsTask();
        await time.AdvanceUntilAsync(() => update.IsCompleted, TimeSpan.FromMilliseconds(20));

        await ReadingFixture.ThrowsAsync(StreamErrorKind.Transient, () => update);
    }

    [TestMethod]
    public async Task A_store_that_does_not_answer_is_an_outage()
    {
        var time = new ManualTime();
        await using var fixture = new ReadingFixture(partitions: 1, time);
        fixture.Store.HookedGroups.Hang = new TaskCompletionSource().Task;

        var read = Ledger(fixture, fixture.Store).ReadAsync(Limit, default).AsTask();
        await time.AdvanceUntilAsync(() => read.IsCompleted, TimeSpan.FromSeconds(1));

        await ReadingFixture.ThrowsAsync(StreamErrorKind.Transient, () => read);
    }

    private static GroupLedger Ledger(ReadingFixture fixture, HookedLogStore store) =>
        new(store.Groups, ReadingFixture.Topic, ReadingFixture.Group, fixture.Spec.Partitions, fixture.Time);

    private static bool Join(GroupView view, string id)
    {
        GroupRules.Join(view.Document, id, 10_000_000, view.NowUs);
        return true;
    }
}
