namespace DashStream.Conformance;

/// <summary>What is claimed is there, and what is not claimed is not there: both ways.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class CapabilitiesConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    [Case]
    [Rule("B7-132", "Persistent: opened again, a store has its topics, records and commits; without the claim it has none of them")]
    public async Task Persistence_is_as_claimed()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var positions = await SendAsync(topic, Sample.Dealt(20, partitions: 2));
        await Provider.Admin.ResetGroupAsync(topic, "g", 1, SeekTarget.At(positions[11].Offset));
        await Provider.DisposeAsync();

        var again = await OpenProviderAsync();

        var found = await again.Admin.DescribeTopicAsync(topic);
        Assert.AreEqual(again.Capabilities.Persistent, found is not null, "The topic is there again exactly if the provider claims to be persistent.");
        if (found is not null)
        {
            Assert.AreEqual(2, found.Spec.Partitions);
            Expect.EachOnce(20, await ReadAsync(topic, 20, again));
            Assert.IsNotNull((await again.Admin.DescribeGroupAsync(topic, "g"))!.Partitions[1].Committed);
        }
    }

    [Case]
    [Rule("B3-61", "Persistent: positions go on where they were also after everything was removed and the store was opened again")]
    public async Task Positions_go_on_after_reopening()
    {
        Require(Capabilities.Persistent, nameof(Capabilities.Persistent));
        var topic = await CreateTopicAsync();
        var positions = await SendAsync(topic, Sample.Numbered(20));
        var end = (await Provider.Admin.DescribeTopicAsync(topic))!.Partitions[0].Bounds.End;
        await Provider.Admin.TrimAsync(topic, new StreamPosition(0, end));
        await Provider.DisposeAsync();

        var again = await OpenProviderAsync();

        Assert.AreEqual(new PartitionBounds(end, end), (await again.Admin.DescribeTopicAsync(topic))!.Partitions[0].Bounds);
        Assert.IsTrue((await SendAsync(topic, Sample.Numbered(1), again))[0] > positions[^1]);
    }

    [Case]
    [Rule("DS-69", "Durability on disk or on other machines implies persistence")]
    public void Durability_and_persistence_agree() =>
        Assert.IsTrue(Capabilities.Persistent || Capabilities.Durability is StreamDurability.Process or StreamDurability.Replicated,
            $"Durability {Capabilities.Durability} says that records outlive the process, Persistent says that they do not.");

    [Case]
    [Rule("B7-132", "MultiProcess: two providers on one store at once see each other's records; without the claim they do not")]
    public async Task Sharing_a_store_is_as_claimed()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(10));

        if (!Capabilities.MultiProcess)
        {
            Assert.IsFalse(await SeesAsync(topic), "The provider shares its store and does not claim to.");
            return;
        }

        var other = await OpenProviderAsync();
        var reader = await OpenReaderAsync(topic, on: other);
        Expect.Sequence(0, 10, await Collect.ExactlyAsync(reader, 10));
        var reading = reader.ReadAsync(TimeSpan.FromMinutes(10)).AsTask();
        await SendAsync(topic, Sample.Numbered(5, from: 10));
        await Waits.WithinAsync(reading, "a read wakes for a record that another provider sent");
        await SendAsync(topic, Sample.Numbered(5, from: 15), other);
        Expect.Sequence(0, 20, await ReadAsync(topic, 20));
    }

    [Case]
    [Rule("B7-132", "MultiProcess: producers of two providers append to one partition, and every record has a position of its own")]
    public async Task Two_providers_append_to_one_partition()
    {
        Require(Capabilities.MultiProcess, nameof(Capabilities.MultiProcess));
        var count = Load.Of(500);
        var topic = await CreateTopicAsync();
        var other = await OpenProviderAsync();

        var positions = await Task.WhenAll(
            SendAsync(topic, Sample.Numbered(count)), SendAsync(topic, Sample.Numbered(count, from: count), other));

        Assert.HasCount(2 * count, positions.SelectMany(found => found).ToHashSet());
        Expect.EachOnce(2 * count, await ReadAsync(topic, 2 * count));
    }

    [Case]
    [Rule("B7-132", "MultiProcess and Groups: members of two providers share one group, and fence each other")]
    public async Task Two_providers_share_a_group()
    {
        Require(Capabilities.MultiProcess, nameof(Capabilities.MultiProcess));
        var topic = await CreateTopicAsync(partitions: 2);
        var other = await OpenProviderAsync();
        var here = await JoinAsync(topic, "g");
        var there = await JoinAsync(topic, "g", on: other);
        await here.OwnsAsync(1);
        await there.OwnsAsync(1);

        var positions = await SendAsync(topic, Sample.Dealt(20, partitions: 2));

        var read = (await Collect.ExactlyAsync(here.Consumer, 10)).Concat(await Collect.ExactlyAsync(there.Consumer, 10));
        Expect.EachOnce(20, read);
        var foreign = positions[18 + there.Consumer.Assignment[0]];
        await Expect.RefusalAsync(StreamErrorKind.Fenced, () => here.Consumer.CommitAsync([foreign]).AsTask());
        Assert.HasCount(2, (await other.Admin.DescribeGroupAsync(topic, "g"))!.Members);
    }

    [Case]
    [Rule("B7-132", "TimestampResolutionUs: times survive to exactly that step, neither finer nor coarser")]
    public async Task Timestamp_resolution_is_as_claimed()
    {
        var step = Capabilities.TimestampResolutionUs;

        var read = await SendAndReadAsync(Sample.Text("0", timestampUs: Sample.TimeUs));

        Assert.AreEqual(Sample.TimeUs - (Sample.TimeUs % step), read.TimestampUs - (read.TimestampUs % step));
        Assert.AreEqual(step == 1, read.TimestampUs == Sample.TimeUs, "A finer step survived than the provider claims.");
    }

    [Case]
    [Rule("B7-132", "RetentionByAge: old records go and young ones stay; without the claim the setting is refused")]
    public async Task Retention_by_age_is_as_claimed()
    {
        var spec = new TopicSpec(NewName()) { RetentionAge = TimeSpan.FromMinutes(10) };
        if (!await CreatedAsClaimedAsync(spec, Capabilities.RetentionByAge))
        {
            return;
        }

        var now = Sample.NowUs();
        var hourAgo = now - (60 * 60 * 1_000_000L);
        var positions = await SendAsync(spec.Name, Enumerable.Range(0, 30).Select(i => Sample.Text($"{i}", timestampUs: i < 20 ? hourAgo : now)));

        if (!Capabilities.ExactRetention)
        {
            Expect.Sequence(20, 10, (await ReadAsync(spec.Name, 30)).Skip(20));
            return;
        }

        await RetainedAsync(spec.Name, positions[19], mostGone: 20);
        Expect.Sequence(20, 10, await ReadAsync(spec.Name, 10));
    }

    [Case]
    [Rule("B7-132", "RetentionBySize: the oldest records go until the rest fits; without the claim the setting is refused")]
    public async Task Retention_by_size_is_as_claimed()
    {
        const int size = 1_024;
        const int most = 64 * size;
        var spec = new TopicSpec(NewName()) { RetentionBytes = most };
        if (!await CreatedAsClaimedAsync(spec, Capabilities.RetentionBySize))
        {
            return;
        }

        var positions = await SendAsync(spec.Name, Enumerable.Range(0, 256).Select(_ => new StreamRecord(default, new byte[size])));

        if (!Capabilities.ExactRetention)
        {
            var kept = (await Provider.Admin.DescribeTopicAsync(spec.Name))!.Partitions[0].Bounds;
            Assert.IsTrue(kept.Begin <= positions[192].Offset && kept.End > positions[255].Offset, "Records that fit the limit are gone.");
            return;
        }

        await RetainedAsync(spec.Name, positions[191], mostGone: 224);
        var begin = (await Provider.Admin.DescribeTopicAsync(spec.Name))!.Partitions[0].Bounds.Begin;
        var left = positions.Count(position => position.Offset >= begin);
        Assert.IsTrue(left is >= 32 and <= 64, $"{left} records of 1 KiB are left of 256 where {most} bytes were to be kept.");
        Assert.HasCount(left, await ReadAsync(spec.Name, left));
    }

    [Case]
    [Rule("B7-132", "RetentionOnDemand: a topic without limits loses nothing; without the claim the call is refused")]
    public async Task Retention_on_demand_is_as_claimed()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(10));

        if (Capabilities.RetentionOnDemand)
        {
            Assert.AreEqual(0, await Provider.Admin.ApplyRetentionAsync(topic));
        }
        else
        {
            await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.Admin.ApplyRetentionAsync(topic).AsTask());
        }

        Expect.Sequence(0, 10, await ReadAsync(topic, 10));
    }

    [Case]
    [Rule("B7-132", "Groups: members join and commit; without the claim a group is refused")]
    public async Task Groups_are_as_claimed()
    {
        var topic = await CreateTopicAsync();
        if (Capabilities.Groups)
        {
            var member = await JoinAsync(topic, "g");
            await member.OwnsAsync(1);
            return;
        }

        await Expect.RefusalAsync(
            StreamErrorKind.InvalidRequest, () => Provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = "g" }).AsTask());
    }

    [Case]
    [Rule("B7-132", "ReportsGaps: a removed range is told to the reader that was to read it; without the claim it is not")]
    public async Task Gaps_are_reported_as_claimed()
    {
        var topic = await CreateTopicAsync();
        var positions = await SendAsync(topic, Sample.Numbered(20));
        await Provider.Admin.ResetGroupAsync(topic, "g", null, SeekTarget.At(positions[5].Offset));
        await Provider.Admin.TrimAsync(topic, positions[15]);
        var member = await JoinAsync(topic, "g");

        var batches = await Collect.BatchesAsync(member.Consumer, soFar => soFar.Sum(batch => batch.Records.Count) >= 5, "what is left");

        Assert.AreEqual(Capabilities.ReportsGaps, batches.Any(batch => batch.Gaps.Count > 0));
    }

    [Case]
    [Rule("B7-132", "CountsRecords: records and lag are counted exactly; without the claim they are unknown")]
    public async Task Counts_are_as_claimed()
    {
        var topic = await CreateTopicAsync();
        var positions = await SendAsync(topic, Sample.Numbered(20));
        await Provider.Admin.TrimAsync(topic, positions[5]);
        var member = await JoinAsync(topic, "g");
        await Collect.ExactlyAsync(member.Consumer, 15);
        await member.Consumer.CommitAsync([positions[11]]);
        var reader = await OpenReaderAsync(topic, maxRecords: 4);
        await Collect.UntilAsync(reader, soFar => soFar.Count == 4, "4 records");

        long?[] counts =
        [
            (await Provider.Admin.DescribeTopicAsync(topic))!.Partitions[0].Records,
            (await Provider.Admin.DescribeGroupAsync(topic, "g"))!.Partitions[0].Lag,
            (await member.Consumer.GetProgressAsync())[0].Lag,
            (await reader.GetProgressAsync())[0].Lag,
        ];

        long?[] expected = Capabilities.CountsRecords ? [15, 8, 8, 11] : [null, null, null, null];
        CollectionAssert.AreEqual(expected, counts, "Records held, lag of the group (twice) and of the reader.");
    }

    private async Task<bool> CreatedAsClaimedAsync(TopicSpec spec, bool claimed)
    {
        if (claimed)
        {
            await Provider.Admin.CreateTopicAsync(spec);
            return true;
        }

        await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.Admin.CreateTopicAsync(spec).AsTask());
        return false;
    }

    // A provider may apply retention by itself at any time, so that a call finds less to do, or nothing.
    private async Task RetainedAsync(string topic, StreamPosition newestGone, int mostGone)
    {
        if (Capabilities.RetentionOnDemand)
        {
            Assert.IsInRange(0, mostGone, await Provider.Admin.ApplyRetentionAsync(topic));
        }

        await Waits.UntilAsync(
            async () => (await Provider.Admin.DescribeTopicAsync(topic))!.Partitions[0].Bounds.Begin > newestGone.Offset, "retention removes the oldest records");
    }

    // A provider that cannot share may refuse the second opening; what it must not do is see the records.
    private async Task<bool> SeesAsync(string topic)
    {
        try
        {
            var other = await OpenProviderAsync();
            return await other.Admin.DescribeTopicAsync(topic) is not null;
        }
        catch (StreamException)
        {
            return false;
        }
    }
}
