using static DashStream.Tests.Groups.ReadingFixture;

namespace DashStream.Tests.Groups;

[TestClass]
public sealed class GroupReadingTests
{
    [TestMethod]
    public async Task A_member_reads_what_was_there_and_what_comes_and_the_next_one_goes_on_behind_its_commit()
    {
        await using var fixture = new ReadingFixture();
        await fixture.AppendAsync(0, "a", "b");
        var first = await fixture.OpenAsync();

        CollectionAssert.AreEqual(new[] { "a", "b" }, await ReadAsync(first, 2));
        var waiting = ReadAsync(first, 1);
        await fixture.AppendAsync(0, "c");
        CollectionAssert.AreEqual(new[] { "c" }, await waiting);
        await first.CommitAsync([new StreamPosition(0, 0)]);
        var receipt = await first.StopAsync(Long);
        var second = await fixture.OpenAsync();

        Assert.IsTrue(receipt.Complete);
        CollectionAssert.AreEqual(new[] { new StreamPosition(0, 0) }, receipt.Committed.ToArray());
        CollectionAssert.AreEqual(new[] { "b", "c" }, await ReadAsync(second, 2));
    }

    [TestMethod]
    public async Task A_newcomer_gets_its_share_within_moments_and_only_after_the_owner_has_revoked_and_committed()
    {
        await using var fixture = new ReadingFixture(partitions: 4);
        var listener = new RecordingListener();
        var first = await fixture.OpenAsync(o => o.Listener = listener);
        await AssignedAsync(first, 0, 1, 2, 3);
        await fixture.AppendAsync(3, "a", "b");
        await ReadAsync(first, 2);
        listener.On = async (what, _, token) =>
        {
            if (what == "revoked")
            {
                await first.CommitAsync([new StreamPosition(3, 0)], token);
            }
        };

        var other = new RecordingListener();
        var second = await fixture.OpenAsync(o => o.Listener = other);
        await AssignedAsync(first, 0, 1);
        await AssignedAsync(second, 2, 3);

        CollectionAssert.AreEqual(new[] { "assigned 0,1,2,3", "revoked 2,3" }, listener.Heard.ToArray());
        CollectionAssert.AreEqual(new[] { "b" }, await ReadAsync(second, 1));
        await ThrowsAsync(StreamErrorKind.Fenced, () => first.CommitAsync([new StreamPosition(3, 1)]).AsTask());

        Assert.IsTrue((await second.StopAsync(Long)).Complete);
        await AssignedAsync(first, 0, 1, 2, 3);
        CollectionAssert.AreEqual(new[] { "b" }, await ReadAsync(first, 1));
        CollectionAssert.AreEqual(new[] { "assigned 2,3", "revoked 2,3" }, other.Heard.ToArray());
    }
}
