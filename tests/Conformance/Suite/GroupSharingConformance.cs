namespace DashStream.Conformance;

/// <summary>Groups each get everything; the members of one share it, also while they come and go.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class GroupSharingConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private const int Partitions = 4;
    private const string Group = "g";

    [Case]
    [Rule("B3-48", "Two groups each get everything")]
    [Rule("B1-7", "Every named subscription gets its own copy")]
    public async Task Two_groups_each_get_everything()
    {
        var topic = await CreateTopicAsync(Partitions);
        var first = await JoinAsync(topic, "one");
        var second = await JoinAsync(topic, "two");

        await SendAsync(topic, Sample.Numbered(200, keys: 16));

        Expect.EachOnce(200, await Collect.ExactlyAsync(first.Consumer, 200));
        Expect.EachOnce(200, await Collect.ExactlyAsync(second.Consumer, 200));
    }

    [Case]
    [Rule("B3-49", "The members of one group share the partitions evenly, and on a clean run nothing comes twice")]
    [Rule("B3-67j", "Two subscriptions of one name share")]
    public async Task Members_share_without_duplicates()
    {
        var count = Load.Of(400);
        var topic = await CreateTopicAsync(Partitions);
        var (first, second) = await PairAsync(topic);
        first.Run();
        second.Run();

        await SendAsync(topic, Sample.Numbered(count, keys: 32));

        await Waits.UntilAsync(() => first.Received.Count + second.Received.Count >= count, $"{count} records are shared");
        await Task.Delay(Waits.Negative);
        Expect.EachOnce(count, first.Received.Concat(second.Received));
        Assert.IsFalse(first.Received.ByPartition().Keys.Intersect(second.Received.ByPartition().Keys).Any(), "A partition has one owner.");
        Expect.Partitions(first.Consumer.Assignment.Concat(second.Consumer.Assignment).Order(), 0, 1, 2, 3);
    }

    [Case]
    [Rule("DS-43", "More members than partitions: the spare ones wait, and take over when one leaves")]
    public async Task A_spare_member_waits_and_takes_over()
    {
        var topic = await CreateTopicAsync();
        var owner = await JoinAsync(topic, Group);
        await owner.OwnsAsync(1);
        var spare = await JoinAsync(topic, Group);
        await SendAsync(topic, Sample.Numbered(10));
        await Collect.NothingAsync(spare.Consumer);
        Assert.IsEmpty(spare.Consumer.Assignment);

        await owner.Consumer.StopAsync(Waits.Positive);

        Expect.Sequence(0, 10, await Collect.ExactlyAsync(spare.Consumer, 10));
    }

    [Case]
    [Rule("B3-51", "When a member leaves, others take over its partitions at once, behind its commits: nothing is lost and nothing committed comes again")]
    public async Task Leaving_hands_over_behind_the_commit()
    {
        var topic = await CreateTopicAsync(Partitions);
        await SendAsync(topic, Sample.Dealt(200, Partitions));
        var leaver = await JoinAsync(topic, Group);
        var done = (await Collect.ExactlyAsync(leaver.Consumer, 200)).Where(record => Sample.NumberOf(record) < 120).ToList();
        await leaver.Consumer.CommitAsync(done.LastPositions());

        await leaver.Consumer.StopAsync(Waits.Positive);
        var heir = await JoinAsync(topic, Group);

        var rest = await Collect.ExactlyAsync(heir.Consumer, 80);
        CollectionAssert.AreEquivalent(Enumerable.Range(120, 80).ToArray(), Sample.NumbersOf(rest).ToArray());
    }

    [Case]
    [Rule("B3-51", "A member that is only disposed leaves too, and commits nothing that was not committed")]
    public async Task Disposal_leaves_the_group_and_commits_nothing()
    {
        var topic = await CreateTopicAsync(Partitions);
        await SendAsync(topic, Sample.Dealt(40, Partitions));
        var (first, second) = await PairAsync(topic);
        await Collect.ExactlyAsync(first.Consumer, 20);
        await Collect.ExactlyAsync(second.Consumer, 20);

        await first.DisposeAsync();

        var again = await Collect.ExactlyAsync(second.Consumer, 20);
        Assert.IsTrue(again.All(record => second.Consumer.Assignment.Contains(record.Position!.Value.Partition)));
        Assert.HasCount(Partitions, second.Consumer.Assignment);
    }

    [Case]
    [Rule("B3-51", "Nothing is lost while members join and leave under load, and order holds up to what comes twice")]
    [Rule("DS-44", "Listener calls come one at a time, and no read that began after a revocation returns records of that partition")]
    public async Task Nothing_is_lost_while_members_come_and_go()
    {
        var count = Load.Of(1_200);
        var topic = await CreateTopicAsync(Partitions);
        var members = new List<Member> { await JoinAsync(topic, Group) };
        members[0].Run(commit: true);
        var producer = await OpenProducerAsync(topic);
        for (var part = 0; part < 4; part++)
        {
            await producer.SendAllAsync(Sample.Numbered(count / 4, keys: 32, from: part * (count / 4)));
            if (part < 2)
            {
                members.Add(await JoinAsync(topic, Group));
                members[^1].Run(commit: true);
            }
            else
            {
                await members[part - 2].HaltAsync();
                await members[part - 2].Consumer.StopAsync(Waits.Positive);
            }
        }

        await Waits.UntilAsync(() => Missing(count, members) == 0, $"all of {count} records reach some member");
        Assert.IsFalse(members.Exists(member => member.CallsOverlapped), "Listener calls overlapped.");
        Assert.IsFalse(members.Exists(member => member.ReadRevoked), "A read returned records of a partition that was revoked before it began.");
    }

    [Case]
    [Rule("B3-53", "A group reads everything in pieces, across many closings and openings")]
    public async Task A_group_reads_on_across_reopening()
    {
        var count = Load.Of(500);
        var topic = await CreateTopicAsync(partitions: 2);
        await SendAsync(topic, Sample.Numbered(count, keys: 8));
        var read = new List<StreamRecord>();
        while (read.Count < count)
        {
            await using var member = await JoinAsync(topic, Group, options => options.MaxBatchRecords = 100);
            var batch = await member.Consumer.ReadAsync(Waits.Positive);
            await member.Consumer.CommitAsync(batch.Records.LastPositions());
            read.AddRange(batch.Records);
        }

        Expect.EachOnce(count, read);
    }

    [Case]
    [Rule("DS-45", "A group of the same name on another topic is another group")]
    public async Task The_same_group_name_on_two_topics_is_two_groups()
    {
        var first = await CreateTopicAsync();
        var second = await CreateTopicAsync();
        await SendAsync(first, Sample.Numbered(10));
        await SendAsync(second, Sample.Numbered(10));
        var member = await JoinAsync(first, Group);
        await member.Consumer.CommitAsync((await Collect.ExactlyAsync(member.Consumer, 10)).LastPositions());

        var other = await JoinAsync(second, Group);

        Expect.Sequence(0, 10, await Collect.ExactlyAsync(other.Consumer, 10));
    }

    [Case]
    [Rule("DS-46", "A member keeps its partitions for as long as it lives, whether or not it reads")]
    public async Task An_idle_member_keeps_its_partitions()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var member = await JoinAsync(topic, Group, ShortSession.Set);
        await member.OwnsAsync(2);

        await Task.Delay(ShortSession.Timeout * 2);

        await member.OwnsAsync(2);
        Assert.IsEmpty(member.PartitionsOf(AssignmentChange.Lost));
        Assert.HasCount(2, member.PartitionsOf(AssignmentChange.Assigned));
    }

    private async Task<(Member First, Member Second)> PairAsync(string topic)
    {
        var first = await JoinAsync(topic, Group);
        var second = await JoinAsync(topic, Group);
        await first.OwnsAsync(Partitions / 2);
        await second.OwnsAsync(Partitions / 2);
        return (first, second);
    }

    private static int Missing(int count, IEnumerable<Member> members) =>
        count - members.SelectMany(member => member.Received).Select(Sample.NumberOf).Distinct().Count();
}
