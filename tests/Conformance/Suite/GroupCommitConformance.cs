namespace DashStream.Conformance;

/// <summary>Commits are cumulative, survive the member, and say where reading goes on.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class GroupCommitConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private const string Group = "g";

    [Case]
    [Rule("DS-53", "A group resumes behind its last commit")]
    public async Task A_group_resumes_behind_its_last_commit()
    {
        var (topic, positions) = await SentAsync();
        var member = await JoinAsync(topic, Group);
        await Collect.ExactlyAsync(member.Consumer, 20);
        await member.Consumer.CommitAsync([positions[6]]);
        await member.Consumer.StopAsync(Waits.Positive);

        var next = await JoinAsync(topic, Group);

        Expect.Sequence(7, 13, await Collect.ExactlyAsync(next.Consumer, 13));
    }

    [Case]
    [Rule("B7-107", "What was delivered and not committed comes again after a stop")]
    [Rule("B8-3", "Between handling and commit a stop costs a duplicate, never a record")]
    public async Task What_was_not_committed_comes_again()
    {
        var (topic, _) = await SentAsync();
        var member = await JoinAsync(topic, Group);
        await Collect.ExactlyAsync(member.Consumer, 20);
        await member.Consumer.StopAsync(Waits.Positive);

        var next = await JoinAsync(topic, Group);

        Expect.Sequence(0, 20, await Collect.ExactlyAsync(next.Consumer, 20));
    }

    [Case]
    [Rule("DS-54", "A commit is cumulative, and one below the committed position changes nothing")]
    public async Task A_lower_commit_changes_nothing()
    {
        var (topic, positions) = await SentAsync();
        var member = await JoinAsync(topic, Group);
        await Collect.ExactlyAsync(member.Consumer, 20);

        await member.Consumer.CommitAsync([positions[9]]);
        await member.Consumer.CommitAsync([positions[4]]);
        await member.Consumer.CommitAsync([]);

        Assert.AreEqual(positions[9].Offset, await CommittedAsync(topic));
    }

    [Case]
    [Rule("B3-66", "Without a commit, reading starts where the options say: at the beginning, at the end, at a position, at a time")]
    public async Task Without_a_commit_the_start_option_decides()
    {
        var (topic, positions) = await SentAsync();

        await AssertStartsAsync(topic, SeekTarget.Beginning, 0);
        await AssertStartsAsync(topic, SeekTarget.At(positions[11].Offset), 11);
        await AssertStartsAsync(topic, SeekTarget.Time(Sample.TimeUs + 15_000_000), 15);
        var late = await JoinAsync(topic, NewName(), options => options.Start = SeekTarget.End);
        await late.OwnsAsync(1);
        await Collect.NothingAsync(late.Consumer);
        await SendAsync(topic, Sample.Numbered(2, from: 20));
        Expect.Sequence(20, 2, await Collect.ExactlyAsync(late.Consumer, 2));
    }

    [Case]
    [Rule("DS-55", "A commit beats the start option")]
    public async Task A_commit_beats_the_start_option()
    {
        var (topic, positions) = await SentAsync();
        await Provider.Admin.ResetGroupAsync(topic, Group, null, SeekTarget.At(positions[12].Offset));

        var member = await JoinAsync(topic, Group, options => options.Start = SeekTarget.End);

        Expect.Sequence(12, 8, await Collect.ExactlyAsync(member.Consumer, 8));
    }

    [Case]
    [Rule("DS-56", "A reader without a group cannot commit, and is told so")]
    public async Task A_reader_without_a_group_cannot_commit()
    {
        var (topic, positions) = await SentAsync();
        var reader = await OpenReaderAsync(topic);

        await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => reader.CommitAsync([positions[0]]).AsTask());
    }

    [Case]
    [Rule("DS-57", "A read does not move the group: only commits do")]
    public async Task Progress_tells_reading_and_commit_apart()
    {
        var (topic, positions) = await SentAsync();
        var member = await JoinAsync(topic, Group);
        await Collect.ExactlyAsync(member.Consumer, 20);
        await member.Consumer.CommitAsync([positions[3]]);

        var progress = (await member.Consumer.GetProgressAsync())[0];

        Assert.AreEqual(positions[3].Offset, progress.Committed);
        Assert.AreEqual(progress.Bounds.End, progress.NextOffset);
    }

    [Case]
    [Rule("DS-58", "A group is described with its members, owners, commits and lag")]
    public async Task A_group_is_described()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var positions = await SendAsync(topic, Sample.Dealt(20, partitions: 2));
        var member = await JoinAsync(topic, Group);
        await member.OwnsAsync(2);
        await member.Consumer.CommitAsync([positions[8]]);

        var group = await Provider.Admin.DescribeGroupAsync(topic, Group);

        Assert.IsNotNull(group);
        Assert.AreEqual((topic, Group), (group.Topic, group.Group));
        Assert.HasCount(1, group.Members);
        Assert.StartsWith("conformance", group.Members[0].Id);
        Expect.Partitions(group.Members[0].Partitions.Order(), 0, 1);
        Expect.Partitions(group.Partitions.Select(partition => partition.Partition), 0, 1);
        Assert.IsTrue(group.Partitions.All(partition => partition.Owner == group.Members[0].Id));
        Assert.AreEqual(positions[8].Offset, group.Partitions[0].Committed);
        Assert.IsNull(group.Partitions[1].Committed);
    }

    [Case]
    [Rule("DS-59", "Groups are listed by topic and name, of one topic or of all")]
    public async Task Groups_are_listed()
    {
        var first = await CreateTopicAsync();
        var second = await CreateTopicAsync();
        await Provider.Admin.ResetGroupAsync(first, "b", null, SeekTarget.Beginning);
        await Provider.Admin.ResetGroupAsync(first, "a", null, SeekTarget.Beginning);
        var member = await JoinAsync(second, "c");
        await member.OwnsAsync(1);

        var ofFirst = await Provider.Admin.ListGroupsAsync(first);
        var ofSecond = await Provider.Admin.ListGroupsAsync(second);
        var all = await Provider.Admin.ListGroupsAsync();

        Assert.AreEqual("a0 b0", string.Join(' ', ofFirst.Select(group => $"{group.Group}{group.Members}")));
        Assert.AreEqual("c1", string.Join(' ', ofSecond.Select(group => $"{group.Group}{group.Members}")));
        var names = all.Select(group => (group.Topic, group.Group)).ToList();
        CollectionAssert.IsSubsetOf(new[] { (first, "a"), (first, "b"), (second, "c") }, names);
        CollectionAssert.AreEqual(
            names.OrderBy(name => name.Topic, StringComparer.Ordinal).ThenBy(name => name.Group, StringComparer.Ordinal).ToArray(), names.ToArray());
    }

    [Case]
    [Rule("DS-60", "A group at rest can be moved: to the beginning, the end, a position, a time; one partition or all; up or down")]
    public async Task A_group_at_rest_can_be_moved()
    {
        var (topic, positions) = await SentAsync();
        var admin = Provider.Admin;

        await admin.ResetGroupAsync(topic, Group, 0, SeekTarget.At(positions[8].Offset));
        await AssertGoesOnAtAsync(topic, 8);
        await admin.ResetGroupAsync(topic, Group, null, SeekTarget.Time(Sample.TimeUs + 3_000_000));
        await AssertGoesOnAtAsync(topic, 3);
        await admin.ResetGroupAsync(topic, Group, null, SeekTarget.Beginning);
        await AssertGoesOnAtAsync(topic, 0);
        await admin.ResetGroupAsync(topic, Group, null, SeekTarget.End);

        var member = await JoinAsync(topic, Group);
        await member.OwnsAsync(1);
        await Collect.NothingAsync(member.Consumer);
    }

    [Case]
    [Rule("DS-61", "A group at work cannot be moved or deleted")]
    [Rule("DS-62", "A group cannot be moved to where the log is not")]
    public async Task A_group_at_work_cannot_be_moved()
    {
        var (topic, _) = await SentAsync();
        var end = (await Provider.Admin.DescribeTopicAsync(topic))!.Partitions[0].Bounds.End;
        await Expect.RefusalAsync(StreamErrorKind.OutOfRange, () => Provider.Admin.ResetGroupAsync(topic, Group, null, SeekTarget.At(end + 1)).AsTask());
        var member = await JoinAsync(topic, Group);
        await member.OwnsAsync(1);

        await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.Admin.ResetGroupAsync(topic, Group, null, SeekTarget.End).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.Admin.DeleteGroupAsync(topic, Group).AsTask());

        Expect.Sequence(0, 20, await Collect.ExactlyAsync(member.Consumer, 20));
    }

    [Case]
    [Rule("DS-63", "A deleted group is forgotten, its commits too")]
    public async Task A_deleted_group_is_forgotten()
    {
        var (topic, _) = await SentAsync();
        await Provider.Admin.ResetGroupAsync(topic, Group, null, SeekTarget.End);

        Assert.IsTrue(await Provider.Admin.DeleteGroupAsync(topic, Group));

        Assert.IsFalse(await Provider.Admin.DeleteGroupAsync(topic, Group));
        Assert.IsNull(await Provider.Admin.DescribeGroupAsync(topic, Group));
        var member = await JoinAsync(topic, Group);
        Expect.Sequence(0, 20, await Collect.ExactlyAsync(member.Consumer, 20));
    }

    [Case]
    [Rule("DS-64", "Invalid group names and options out of range are refused when a consumer is opened")]
    public async Task Invalid_consumer_options_are_refused()
    {
        var topic = await CreateTopicAsync();
        StreamConsumerOptions[] invalid =
        [
            new() { Group = "" }, new() { Group = "a/b" }, new() { Group = new string('g', StreamNames.MaxLength + 1) }, new() { MaxBatchRecords = 0 },
            new() { MaxBatchBytes = 1 }, new() { SessionTimeout = TimeSpan.Zero }, new() { HeartbeatInterval = TimeSpan.FromMinutes(1) },
            new() { Group = Group, Partitions = [0] }, new() { MemberName = "" },
        ];

        foreach (var options in invalid)
        {
            await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.OpenConsumerAsync(topic, options).AsTask());
        }
    }

    private async Task AssertStartsAsync(string topic, SeekTarget start, int first)
    {
        var member = await JoinAsync(topic, NewName(), options => options.Start = start);
        Expect.Sequence(first, 20 - first, await Collect.ExactlyAsync(member.Consumer, 20 - first));
    }

    private async Task AssertGoesOnAtAsync(string topic, int record)
    {
        await using var member = await JoinAsync(topic, Group);
        Expect.Sequence(record, 20 - record, await Collect.ExactlyAsync(member.Consumer, 20 - record));
    }

    private async Task<(string Topic, IReadOnlyList<StreamPosition> Positions)> SentAsync()
    {
        var topic = NewName();
        await Provider.Admin.CreateTopicAsync(new TopicSpec(topic));
        return (topic, await SendAsync(topic, Enumerable.Range(0, 20).Select(i => Sample.Text($"{i}", timestampUs: Sample.TimeUs + (i * 1_000_000L)))));
    }

    private async Task<UInt128?> CommittedAsync(string topic) => (await Provider.Admin.DescribeGroupAsync(topic, Group))!.Partitions[0].Committed;
}
