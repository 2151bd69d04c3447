namespace DashStream.Conformance;

/// <summary>What is removed is gone, said to be gone, and its positions are not used again.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class TrimConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private const int Count = 20;

    [Case]
    [Rule("B3-60", "Records before the trimmed position are not delivered again; the position itself stays")]
    public async Task Trimmed_records_are_gone()
    {
        var (topic, positions) = await SentAsync();

        await Provider.Admin.TrimAsync(topic, positions[12]);

        Expect.Sequence(12, Count - 12, await ReadAsync(topic, Count - 12));
        Assert.AreEqual(positions[12].Offset, (await BoundsAsync(topic)).Begin);
    }

    [Case]
    [Rule("B3-61", "Positions go on where they were, even when everything was removed")]
    public async Task Positions_never_start_again()
    {
        var (topic, positions) = await SentAsync();
        var end = (await BoundsAsync(topic)).End;

        await Provider.Admin.TrimAsync(topic, new StreamPosition(0, end));

        Assert.AreEqual(new PartitionBounds(end, end), await BoundsAsync(topic));
        var later = await SendAsync(topic, Sample.Numbered(3));
        Assert.IsTrue(later.All(position => position > positions[^1]), "Later records lie behind the removed ones.");
        Expect.Sequence(0, 3, await ReadAsync(topic, 3));
    }

    [Case]
    [Rule("DS-39", "Trimming before the oldest record is a no-op, beyond the end it is refused")]
    public async Task Trimming_outside_the_log_changes_nothing()
    {
        var (topic, positions) = await SentAsync();
        await Provider.Admin.TrimAsync(topic, positions[5]);
        var end = (await BoundsAsync(topic)).End;

        await Provider.Admin.TrimAsync(topic, positions[2]);
        await Expect.RefusalAsync(StreamErrorKind.OutOfRange, () => Provider.Admin.TrimAsync(topic, new StreamPosition(0, end + 1)).AsTask());

        Expect.Sequence(5, Count - 5, await ReadAsync(topic, Count - 5));
    }

    [Case]
    [Rule("DS-40", "Trimming one partition leaves the others alone")]
    public async Task Trimming_one_partition_leaves_the_others()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var positions = await SendAsync(topic, Sample.Dealt(Count, partitions: 2));

        await Provider.Admin.TrimAsync(topic, positions[^1]);

        var read = (await ReadAsync(topic, (Count / 2) + 1)).ByPartition();
        Assert.HasCount(Count / 2, read[0]);
        Assert.HasCount(1, read[1]);
    }

    [Case]
    [Rule("B8-6", "Every record of a running reader is delivered or reported as a gap, never passed over in silence")]
    public async Task A_running_reader_accounts_for_every_record()
    {
        Require(Capabilities.ReportsGaps, nameof(Capabilities.ReportsGaps));
        var (topic, positions) = await SentAsync(2_000);
        var reader = await OpenReaderAsync(topic, maxRecords: 10);
        var first = await Collect.ExactlyAsync(reader, 10);

        await Provider.Admin.TrimAsync(topic, positions[1_500]);
        var batches = await Collect.BatchesAsync(
            reader, soFar => soFar.SelectMany(batch => batch.Records).Any(record => record.Position == positions[^1]), "the last record");

        var read = first.Concat(batches.SelectMany(batch => batch.Records)).Select(record => record.Position!.Value.Offset).ToHashSet();
        var gaps = batches.SelectMany(batch => batch.Gaps).ToList();
        foreach (var position in positions)
        {
            var accounts = (read.Contains(position.Offset) ? 1 : 0) + gaps.Count(gap => gap.From <= position.Offset && position.Offset < gap.To);
            Assert.AreEqual(1, accounts, $"Position {position} was to be delivered or reported missing, once.");
        }
    }

    [Case]
    [Rule("B8-6", "A group whose next record was removed is told the range, once, and goes on at the oldest that is left")]
    public async Task A_group_is_told_what_it_missed()
    {
        Require(Capabilities.ReportsGaps, nameof(Capabilities.ReportsGaps));
        var (topic, positions) = await SentAsync();
        await Provider.Admin.ResetGroupAsync(topic, "g", null, SeekTarget.At(positions[5].Offset));
        await Provider.Admin.TrimAsync(topic, positions[15]);
        var member = await JoinAsync(topic, "g");

        var batches = await Collect.BatchesAsync(member.Consumer, soFar => soFar.Sum(batch => batch.Records.Count) == Count - 15, "what is left");

        var gaps = batches.SelectMany(batch => batch.Gaps).ToList();
        Assert.HasCount(1, gaps);
        Assert.IsNotEmpty(batches[0].Gaps, "A gap comes before the records behind it.");
        Assert.AreEqual(positions[15].Offset, gaps[0].To);
        Assert.IsTrue(gaps[0].From > positions[4].Offset && gaps[0].From <= positions[5].Offset, "The gap begins behind the last record that is done.");
        Expect.Sequence(15, Count - 15, batches.SelectMany(batch => batch.Records));
    }

    [Case]
    [Rule("B8-6", "A gap is reported even when nothing is left behind it")]
    public async Task A_gap_at_the_end_is_reported()
    {
        Require(Capabilities.ReportsGaps, nameof(Capabilities.ReportsGaps));
        var (topic, positions) = await SentAsync();
        var reader = await OpenReaderAsync(topic, SeekTarget.At(positions[0].Offset));
        reader.Pause([0]);
        await reader.SeekAsync(0, SeekTarget.At(positions[10].Offset));
        var end = (await BoundsAsync(topic)).End;
        await Provider.Admin.TrimAsync(topic, new StreamPosition(0, end));

        reader.Resume([0]);
        await SendAsync(topic, Sample.Numbered(1, from: Count));

        var batches = await Collect.BatchesAsync(
            reader, soFar => soFar.SelectMany(batch => batch.Records).Any(record => Sample.NumberOf(record) == Count), "the record behind the gap");
        var read = batches.SelectMany(batch => batch.Records).Count();
        var missing = batches.SelectMany(batch => batch.Gaps).Sum(gap => positions.Count(position => gap.From <= position.Offset && position.Offset < gap.To));
        Assert.AreEqual(Count - 10 + 1, read + missing);
    }

    [Case]
    [Rule("DS-41", "Reading from the beginning of a trimmed log reports no gap: nothing was to be read there")]
    public async Task A_reader_from_the_beginning_hears_of_no_gap()
    {
        var (topic, positions) = await SentAsync();
        await Provider.Admin.TrimAsync(topic, positions[10]);
        var reader = await OpenReaderAsync(topic);

        var batches = await Collect.BatchesAsync(reader, soFar => soFar.Sum(batch => batch.Records.Count) == Count - 10, "what is left");

        Assert.IsTrue(batches.All(batch => batch.Gaps.Count == 0));
    }

    [Case]
    [Rule("DS-42", "A reader cannot start at a position the log no longer holds")]
    public async Task A_reader_cannot_start_at_a_removed_position()
    {
        var (topic, positions) = await SentAsync();
        await Provider.Admin.TrimAsync(topic, positions[10]);

        await Expect.RefusalAsync(StreamErrorKind.OutOfRange, async () =>
        {
            var reader = await OpenReaderAsync(topic, SeekTarget.At(positions[3].Offset));
            await reader.ReadAsync(Waits.Positive);
        });
    }

    private async Task<(string Topic, IReadOnlyList<StreamPosition> Positions)> SentAsync(int count = Count)
    {
        var topic = NewName();
        await Provider.Admin.CreateTopicAsync(new TopicSpec(topic));
        return (topic, await SendAsync(topic, Sample.Numbered(count)));
    }

    private async Task<PartitionBounds> BoundsAsync(string topic) => (await Provider.Admin.DescribeTopicAsync(topic))!.Partitions[0].Bounds;
}
