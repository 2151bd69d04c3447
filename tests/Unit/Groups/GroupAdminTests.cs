using DashStream.Groups;
using static DashStream.Tests.Groups.ReadingFixture;

namespace DashStream.Tests.Groups;

[TestClass]
public sealed class GroupAdminTests
{
    [TestMethod]
    public async Task A_group_shows_its_members_what_they_own_and_how_far_they_are()
    {
        await using var fixture = new ReadingFixture(partitions: 2);
        await fixture.AppendAsync(0, "a", "b", "c");
        var admin = new GroupAdmin(fixture.Store, fixture.Time);
        Assert.IsNull(await admin.DescribeAsync(fixture.Spec, Group, default));
        var member = await fixture.OpenAsync();
        await AssignedAsync(member, 0, 1);
        await member.CommitAsync([new StreamPosition(0, 1)]);

        var group = (await admin.DescribeAsync(fixture.Spec, Group, default))!;

        var id = group.Members.Single().Id;
        StringAssert.StartsWith(id, "m-");
        CollectionAssert.AreEqual(new[] { 0, 1 }, group.Members.Single().Partitions.ToArray());
        CollectionAssert.AreEqual(new[] { new GroupPartition(0, id, 1, 1), new GroupPartition(1, id, null, 0) }, group.Partitions.ToArray());
        Assert.AreEqual(new GroupSummary(Topic, Group, group.Generation, 1), (await admin.ListAsync(null, default)).Single());
        Assert.IsEmpty(await admin.ListAsync("other", default));
    }

    [TestMethod]
    [DataRow("beginning", "a")]
    [DataRow("1", "b")]
    [DataRow("3", "d")]
    [DataRow("time", "a")]
    public async Task After_a_reset_the_record_at_the_target_is_read_first_whatever_the_start_option_says(string target, string first)
    {
        await using var fixture = new ReadingFixture();
        await fixture.AppendAsync(0, "a", "b", "c", "d");
        var admin = new GroupAdmin(fixture.Store, fixture.Time);
        var seek = target switch { "beginning" => SeekTarget.Beginning, "time" => SeekTarget.Time(1), _ => SeekTarget.At(UInt128.Parse(target)) };

        await admin.ResetAsync(fixture.Spec, Group, null, seek, default);
        var reader = await fixture.OpenAsync(o => (o.Start, o.MaxBatchRecords) = (SeekTarget.End, 1));

        CollectionAssert.AreEqual(new[] { first }, await ReadAsync(reader, 1));
    }

    [TestMethod]
    public async Task A_reset_to_the_end_skips_what_is_there_and_one_to_a_trimmed_beginning_tells_no_gap()
    {
        await using var fixture = new ReadingFixture(partitions: 2);
        await fixture.AppendAsync(0, "a", "b");
        await fixture.AppendAsync(1, "c", "d");
        await fixture.Store.TrimAsync(Topic, 1, 1, default);
        var admin = new GroupAdmin(fixture.Store, fixture.Time);
        await admin.ResetAsync(fixture.Spec, Group, 0, SeekTarget.End, default);
        await admin.ResetAsync(fixture.Spec, Group, 1, SeekTarget.Beginning, default);

        var reader = await fixture.OpenAsync();
        await AssignedAsync(reader, 0, 1);
        var batch = await reader.ReadAsync(Long);

        CollectionAssert.AreEqual(new[] { "d" }, Texts(batch));
        Assert.IsEmpty(batch.Gaps);
        Assert.IsEmpty((await reader.ReadAsync(Short)).Records);
    }

    [TestMethod]
    public async Task A_reset_down_is_obeyed_although_commits_never_go_back()
    {
        await using var fixture = new ReadingFixture();
        await fixture.AppendAsync(0, "a", "b");
        var member = await fixture.OpenAsync();
        await AssignedAsync(member, 0);
        await member.CommitAsync([new StreamPosition(0, 1)]);
        await member.StopAsync(Long);

        await new GroupAdmin(fixture.Store, fixture.Time).ResetAsync(fixture.Spec, Group, null, SeekTarget.Beginning, default);

        CollectionAssert.AreEqual(new[] { "a", "b" }, await ReadAsync(await fixture.OpenAsync(), 2));
    }

    [TestMethod]
    public async Task A_position_that_the_log_does_not_hold_in_every_partition_resets_none()
    {
        await using var fixture = new ReadingFixture(partitions: 2);
        await fixture.AppendAsync(0, "a", "b");
        var admin = new GroupAdmin(fixture.Store, fixture.Time);

        await ThrowsAsync(StreamErrorKind.OutOfRange, () => admin.ResetAsync(fixture.Spec, Group, null, SeekTarget.At(2), default).AsTask());

        Assert.IsNull(await admin.DescribeAsync(fixture.Spec, Group, default));
    }

    [TestMethod]
    public async Task A_group_at_work_is_neither_reset_nor_deleted()
    {
        await using var fixture = new ReadingFixture();
        var admin = new GroupAdmin(fixture.Store, fixture.Time);
        var member = await fixture.OpenAsync();

        await ThrowsAsync(StreamErrorKind.InvalidRequest, () => admin.ResetAsync(fixture.Spec, Group, null, SeekTarget.End, default).AsTask());
        await ThrowsAsync(StreamErrorKind.InvalidRequest, () => admin.DeleteAsync(fixture.Spec, Group, default).AsTask());
        await member.StopAsync(Long);

        Assert.IsTrue(await admin.DeleteAsync(fixture.Spec, Group, default));
        Assert.IsFalse(await admin.DeleteAsync(fixture.Spec, Group, default));
    }

    [TestMethod]
    public async Task The_dead_do_not_hold_up_a_reset_even_when_the_store_clock_was_set_back()
    {
        var time = new ManualTime();
        await using var fixture = new ReadingFixture(partitions: 1, time);
        var admin = new GroupAdmin(fixture.Store, time);
        var killed = await fixture.OpenAsync(store: fixture.NewStore(), time: new ManualTime());
        await AssignedAsync(killed, 0);
        time.SetBack(TimeSpan.FromDays(1));
        Assert.HasCount(1, (await admin.DescribeAsync(fixture.Spec, Group, default))!.Members);

        time.Advance(TimeSpan.FromSeconds(3));
        await admin.ResetAsync(fixture.Spec, Group, null, SeekTarget.End, default);

        var group = (await admin.DescribeAsync(fixture.Spec, Group, default))!;
        Assert.IsEmpty(group.Members);
        Assert.IsNull(group.Partitions[0].Owner);
    }
}
