namespace DashStream.Conformance;

/// <summary>A paused partition is silent and stays ours.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class PauseConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    [Case]
    [Rule("B3-63", "Nothing comes from a paused partition, not even what was fetched ahead; after the resume everything does, in order")]
    public async Task A_paused_partition_is_silent_and_loses_nothing()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(20));
        var reader = await OpenReaderAsync(topic, maxRecords: 5);
        Expect.Sequence(0, 5, await Collect.ExactlyAsync(reader, 5));

        reader.Pause([0]);
        await SendAsync(topic, Sample.Numbered(5, from: 20));
        await Collect.NothingAsync(reader);

        reader.Resume([0]);
        Expect.Sequence(5, 20, await Collect.ExactlyAsync(reader, 20));
    }

    [Case]
    [Rule("B3-63", "Other partitions go on while one is paused")]
    public async Task Other_partitions_go_on()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var reader = await OpenReaderAsync(topic);
        reader.Pause([0]);

        await SendAsync(topic, Sample.Dealt(20, partitions: 2));

        var read = await Collect.ExactlyAsync(reader, 10);
        Assert.IsTrue(read.All(record => record.Position!.Value.Partition == 1));
        await Collect.NothingAsync(reader);
        reader.Resume([0]);
        Assert.IsTrue((await Collect.ExactlyAsync(reader, 10)).All(record => record.Position!.Value.Partition == 0));
    }

    [Case]
    [Rule("DS-37", "A resume wakes a read that is waiting while everything is paused")]
    public async Task A_resume_wakes_a_waiting_read()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(3));
        var reader = await OpenReaderAsync(topic);
        reader.Pause([0]);
        var reading = reader.ReadAsync(TimeSpan.FromMinutes(10)).AsTask();
        await Task.Delay(Waits.Negative);
        Assert.IsFalse(reading.IsCompleted, "Everything was paused.");

        reader.Resume([0]);

        Assert.IsNotEmpty((await Waits.WithinAsync(reading, "the read wakes")).Records);
    }

    [Case]
    [Rule("DS-38", "A seek in a paused partition takes effect after the resume")]
    public async Task A_seek_in_a_paused_partition_takes_effect_later()
    {
        var topic = await CreateTopicAsync();
        var positions = await SendAsync(topic, Sample.Numbered(20));
        var reader = await OpenReaderAsync(topic);
        reader.Pause([0]);

        await reader.SeekAsync(0, SeekTarget.At(positions[15].Offset));
        await Collect.NothingAsync(reader);
        reader.Resume([0]);

        Expect.Sequence(15, 5, await Collect.ExactlyAsync(reader, 5));
    }

    [Case]
    [Rule("B8-5", "A paused member keeps its partitions longer than its session, and may commit")]
    public async Task Pause_keeps_membership()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        await SendAsync(topic, Sample.Dealt(10, partitions: 2));
        var member = await JoinAsync(topic, "g", ShortSession.Set);
        await member.OwnsAsync(2);
        var read = await Collect.ExactlyAsync(member.Consumer, 10);

        member.Consumer.Pause([0, 1]);
        await Task.Delay(ShortSession.Timeout * 2);

        await member.Consumer.CommitAsync(read.LastPositions());
        Expect.Partitions(member.Consumer.Assignment, 0, 1);
        Assert.IsEmpty(member.PartitionsOf(AssignmentChange.Lost));
    }
}
