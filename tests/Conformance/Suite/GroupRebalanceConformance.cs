namespace DashStream.Conformance;

/// <summary>How partitions change hands: what listeners hear, what still counts, and who is shut out.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class GroupRebalanceConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private const int Partitions = 4;
    private const string Group = "g";

    [Case]
    [Rule("B3-52", "A member keeps what it need not give: it is asked for the surplus only, and told nothing of the rest")]
    public async Task A_member_keeps_what_it_need_not_give()
    {
        var topic = await CreateTopicAsync(Partitions);
        var first = await JoinAsync(topic, Group);
        await first.OwnsAsync(Partitions);

        var second = await JoinAsync(topic, Group);
        await second.OwnsAsync(Partitions / 2);
        await first.OwnsAsync(Partitions / 2);

        Assert.HasCount(Partitions, first.PartitionsOf(AssignmentChange.Assigned));
        Assert.HasCount(Partitions / 2, first.PartitionsOf(AssignmentChange.Revoked));
        Assert.IsEmpty(first.PartitionsOf(AssignmentChange.Lost));
        CollectionAssert.AreEquivalent(first.PartitionsOf(AssignmentChange.Revoked).ToArray(), second.PartitionsOf(AssignmentChange.Assigned).ToArray());
    }

    [Case]
    [Rule("B8-2", "A commit made while partitions are being revoked counts: the next owner goes on behind it")]
    public async Task A_commit_on_revoke_counts()
    {
        var topic = await CreateTopicAsync(Partitions);
        await SendAsync(topic, Sample.Dealt(80, Partitions));
        IReadOnlyList<StreamPosition> done = [];
        var first = await JoinAsync(topic, Group);
        first.WhenHeard = (change, partitions) => change == AssignmentChange.Revoked
            ? first.Consumer.CommitAsync([.. done.Where(position => partitions.Contains(position.Partition))]).AsTask()
            : Task.CompletedTask;
        done = (await Collect.ExactlyAsync(first.Consumer, 80)).LastPositions();

        var second = await JoinAsync(topic, Group);
        await second.OwnsAsync(Partitions / 2);

        await Collect.NothingAsync(second.Consumer);
        await SendAsync(topic, Sample.Dealt(40, Partitions, from: 80));
        var read = await Collect.ExactlyAsync(second.Consumer, 20);
        Assert.IsTrue(read.All(record => Sample.NumberOf(record) >= 80));
    }

    [Case]
    [Rule("B8-2", "A stop revokes everything first, and a commit made then counts")]
    public async Task A_stop_revokes_first_and_its_commit_counts()
    {
        var topic = await CreateTopicAsync(Partitions);
        await SendAsync(topic, Sample.Dealt(40, Partitions));
        IReadOnlyList<StreamPosition> done = [];
        var member = await JoinAsync(topic, Group);
        member.WhenHeard = (change, _) => change == AssignmentChange.Revoked ? member.Consumer.CommitAsync(done).AsTask() : Task.CompletedTask;
        done = (await Collect.ExactlyAsync(member.Consumer, 40)).LastPositions();

        var receipt = await member.Consumer.StopAsync(Waits.Positive);

        Assert.IsTrue(receipt.Complete);
        CollectionAssert.AreEquivalent(done.ToArray(), receipt.Committed.ToArray());
        Assert.HasCount(Partitions, member.PartitionsOf(AssignmentChange.Revoked));
        var heir = await JoinAsync(topic, Group);
        await heir.OwnsAsync(Partitions);
        await Collect.NothingAsync(heir.Consumer);
    }

    [Case]
    [Rule("B2-35", "Saying done under an assignment that is over is refused as such")]
    [Rule("DS-47", "A commit in a partition of another member is refused as fenced; what else it carried was committed")]
    public async Task A_fenced_commit_is_refused_and_the_rest_counts()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var positions = await SendAsync(topic, Sample.Dealt(20, partitions: 2));
        var first = await JoinAsync(topic, Group);
        await first.OwnsAsync(2);
        var second = await JoinAsync(topic, Group);
        await second.OwnsAsync(1);
        await first.OwnsAsync(1);
        var mine = first.Consumer.Assignment[0];

        await Expect.RefusalAsync(StreamErrorKind.Fenced, () => first.Consumer.CommitAsync([positions[18], positions[19]]).AsTask());

        var partitions = (await Provider.Admin.DescribeGroupAsync(topic, Group))!.Partitions;
        Assert.AreEqual(positions[18 + mine].Offset, partitions[mine].Committed);
        Assert.IsNull(partitions[1 - mine].Committed);
    }

    [Case]
    [Rule("B3-65", "A commit after the partition was given up is refused as fenced")]
    public async Task A_commit_after_the_partition_was_given_up_is_refused()
    {
        var topic = await CreateTopicAsync(Partitions);
        var positions = await SendAsync(topic, Sample.Dealt(40, Partitions));
        var first = await JoinAsync(topic, Group);
        await first.OwnsAsync(Partitions);
        var second = await JoinAsync(topic, Group);
        await second.OwnsAsync(Partitions / 2);

        foreach (var partition in first.PartitionsOf(AssignmentChange.Revoked))
        {
            await Expect.RefusalAsync(StreamErrorKind.Fenced, () => first.Consumer.CommitAsync([positions[36 + partition]]).AsTask());
        }

        Assert.IsTrue((await Provider.Admin.DescribeGroupAsync(topic, Group))!.Partitions.All(partition => partition.Committed is null));
    }

    [Case]
    [Rule("DS-48", "A member whose listener outlasts the session loses its partitions, is shut out, is told, and comes back")]
    public async Task A_zombie_is_shut_out_and_comes_back()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var positions = await SendAsync(topic, Sample.Dealt(20, partitions: 2));
        var release = new TaskCompletionSource();
        var zombie = await JoinAsync(topic, Group, ShortSession.Set, member =>
            member.WhenHeard = (change, _) => change == AssignmentChange.Revoked ? release.Task : Task.CompletedTask);
        await zombie.OwnsAsync(2);

        var heir = await JoinAsync(topic, Group);
        await heir.OwnsAsync(2);
        await Expect.RefusalAsync(StreamErrorKind.Fenced, () => zombie.Consumer.CommitAsync([positions[18], positions[19]]).AsTask());
        Expect.EachOnce(20, await Collect.ExactlyAsync(heir.Consumer, 20));

        release.SetResult();
        await Waits.UntilAsync(() => zombie.PartitionsOf(AssignmentChange.Lost).Count > 0, "the member is told what it lost");
        await zombie.OwnsAsync(1);
        await heir.OwnsAsync(1);
    }

    [Case]
    [Rule("DS-49", "Reading starts after the listener has heard of the assignment, however slow it is")]
    public async Task Reading_starts_after_a_slow_listener()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(10));
        var release = new TaskCompletionSource();
        var member = await JoinAsync(topic, Group, prepare: member => member.WhenHeard = (_, _) => release.Task);
        await Waits.UntilAsync(() => member.Heard.Count == 1, "the listener hears of the assignment");

        await Collect.NothingAsync(member.Consumer);
        release.SetResult();

        Expect.Sequence(0, 10, await Collect.ExactlyAsync(member.Consumer, 10));
    }

    [Case]
    [Rule("DS-50", "An exception of the listener ends the consumer: its next read throws it, and others take over")]
    public async Task An_exception_of_the_listener_ends_the_consumer()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(10));
        var member = await JoinAsync(topic, Group, prepare: member => member.WhenHeard = (change, _) =>
            change == AssignmentChange.Assigned ? throw new ListenerFailedException() : Task.CompletedTask);
        await Waits.UntilAsync(() => member.Heard.Count > 0, "the listener is called");

        await Assert.ThrowsExactlyAsync<ListenerFailedException>(() => member.Consumer.ReadAsync(Waits.Positive).AsTask());

        await member.Consumer.DisposeAsync();
        var heir = await JoinAsync(topic, Group);
        Expect.Sequence(0, 10, await Collect.ExactlyAsync(heir.Consumer, 10));
    }

    [Case]
    [Rule("DS-51", "The generation grows with every change of membership")]
    public async Task Generations_grow()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var first = await JoinAsync(topic, Group);
        await first.OwnsAsync(2);
        var alone = await GenerationAsync(topic);

        var second = await JoinAsync(topic, Group);
        await second.OwnsAsync(1);
        await first.OwnsAsync(1);
        var together = await GenerationAsync(topic);
        await second.Consumer.StopAsync(Waits.Positive);
        await first.OwnsAsync(2);

        Assert.IsGreaterThan(alone, together);
        Assert.IsGreaterThan(together, await GenerationAsync(topic));
    }

    [Case]
    [Rule("DS-52", "A partition that was paused, lost and won again is not paused")]
    public async Task A_partition_that_comes_back_is_not_paused()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var first = await JoinAsync(topic, Group);
        await first.OwnsAsync(2);
        first.Consumer.Pause([0, 1]);
        var second = await JoinAsync(topic, Group);
        await first.OwnsAsync(1);
        await second.OwnsAsync(1);
        var away = second.Consumer.Assignment[0];

        await second.Consumer.StopAsync(Waits.Positive);
        await first.OwnsAsync(2);
        await SendAsync(topic, Sample.Dealt(20, partitions: 2));

        var read = await Collect.ExactlyAsync(first.Consumer, 10);
        Assert.IsTrue(read.All(record => record.Position!.Value.Partition == away));
        await Collect.NothingAsync(first.Consumer);
    }

    private async Task<long> GenerationAsync(string topic) => (await Provider.Admin.DescribeGroupAsync(topic, Group))!.Generation;

    private sealed class ListenerFailedException : Exception;
}
