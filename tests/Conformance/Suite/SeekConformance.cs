namespace DashStream.Conformance;

/// <summary>Readers go where they are told, at once, or are told why not and stay.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class SeekConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private const int Count = 20;

    [Case]
    [Rule("B3-67a", "After a seek back, the record at the position comes again and everything behind it follows in order")]
    public async Task Seek_back_delivers_again_in_order()
    {
        var (topic, positions) = await SentAsync();
        var reader = await OpenReaderAsync(topic);
        await Collect.ExactlyAsync(reader, Count);

        await reader.SeekAsync(0, SeekTarget.At(positions[5].Offset));

        Expect.Sequence(5, Count - 5, await Collect.ExactlyAsync(reader, Count - 5));
    }

    [Case]
    [Rule("B3-67b", "After a seek forward, what lies between is skipped, even if it was fetched ahead")]
    [Rule("B3-67h", "A seek takes effect inside batches too")]
    public async Task Seek_forward_skips_what_was_fetched_ahead()
    {
        var (topic, positions) = await SentAsync();
        var reader = await OpenReaderAsync(topic, maxRecords: 3);
        Expect.Sequence(0, 3, (await reader.ReadAsync(Waits.Positive)).Records);

        await reader.SeekAsync(0, SeekTarget.At(positions[12].Offset));

        Expect.Sequence(12, 3, (await reader.ReadAsync(Waits.Positive)).Records);
        Expect.Sequence(15, Count - 15, await Collect.ExactlyAsync(reader, Count - 15));
    }

    [Case]
    [Rule("B3-67c", "After a seek, records that are sent later still arrive")]
    public async Task Reading_goes_on_after_a_seek()
    {
        var (topic, positions) = await SentAsync();
        var reader = await OpenReaderAsync(topic);
        await reader.SeekAsync(0, SeekTarget.At(positions[18].Offset));
        await Collect.ExactlyAsync(reader, 2);

        await SendAsync(topic, Sample.Numbered(5, from: Count));

        Expect.Sequence(Count, 5, await Collect.ExactlyAsync(reader, 5));
    }

    [Case]
    [Rule("B3-67d", "A seek straight after opening decides the first delivery")]
    public async Task Seek_straight_after_opening_decides_the_first_delivery()
    {
        var (topic, positions) = await SentAsync();
        var reader = await OpenReaderAsync(topic, SeekTarget.End);

        await reader.SeekAsync(0, SeekTarget.At(positions[7].Offset));

        Expect.Sequence(7, Count - 7, await Collect.ExactlyAsync(reader, Count - 7));
    }

    [Case]
    [Rule("B3-67d", "A member's seek before its first read beats the committed position, which stays")]
    public async Task Seek_beats_the_committed_position()
    {
        var (topic, positions) = await SentAsync();
        await Provider.Admin.ResetGroupAsync(topic, "g", null, SeekTarget.At(positions[10].Offset));
        var member = await JoinAsync(topic, "g");
        await member.OwnsAsync(1);

        await member.Consumer.SeekAsync(0, SeekTarget.At(positions[3].Offset));

        Expect.Sequence(3, Count - 3, await Collect.ExactlyAsync(member.Consumer, Count - 3));
        var committed = (await Provider.Admin.DescribeGroupAsync(topic, "g"))!.Partitions[0].Committed;
        Assert.IsTrue(committed >= positions[9].Offset && committed < positions[10].Offset, "The commit was to stay behind the tenth record.");
    }

    [Case]
    [Rule("B3-67e", "A seek from another thread moves a reader that is waiting")]
    public async Task Seek_from_another_thread_moves_a_waiting_reader()
    {
        var (topic, positions) = await SentAsync();
        var reader = await OpenReaderAsync(topic, SeekTarget.End);
        var reading = Collect.ExactlyAsync(reader, Count - 15);
        await Task.Delay(Waits.Negative);

        var thread = new Thread(() => reader.SeekAsync(0, SeekTarget.At(positions[15].Offset)).AsTask().Wait());
        thread.Start();
        thread.Join();

        Expect.Sequence(15, Count - 15, await reading);
    }

    [Case]
    [Rule("B3-67f", "A seek after the stop fails at once as closed")]
    public async Task Seek_after_the_stop_fails()
    {
        var (topic, positions) = await SentAsync();
        var reader = await OpenReaderAsync(topic);
        await reader.StopAsync(Waits.Positive);

        await Expect.RefusalAsync(StreamErrorKind.Closed, () => reader.SeekAsync(0, SeekTarget.At(positions[0].Offset)).AsTask());
    }

    [Case]
    [Rule("B3-67g", "A seek to a position the log no longer holds is refused, and the reader does not move")]
    public async Task Seek_to_a_trimmed_position_is_refused()
    {
        var (topic, positions) = await SentAsync();
        var reader = await OpenReaderAsync(topic, maxRecords: 12);
        await Collect.UntilAsync(reader, soFar => soFar.Count == 12, "12 records");
        await Provider.Admin.TrimAsync(topic, positions[10]);

        await Expect.RefusalAsync(StreamErrorKind.OutOfRange, () => reader.SeekAsync(0, SeekTarget.At(positions[9].Offset)).AsTask());

        Expect.Sequence(12, Count - 12, await Collect.ExactlyAsync(reader, Count - 12));
    }

    [Case]
    [Rule("B3-62", "A seek past the end is refused and nothing moves; exactly the end is allowed")]
    [Rule("B3-59", "A position that was never given out is never silently taken for another")]
    public async Task Seek_past_the_end_is_refused()
    {
        var (topic, _) = await SentAsync();
        var reader = await OpenReaderAsync(topic);
        var end = (await Provider.Admin.DescribeTopicAsync(topic))!.Partitions[0].Bounds.End;

        await Expect.RefusalAsync(StreamErrorKind.OutOfRange, () => reader.SeekAsync(0, SeekTarget.At(end + 1)).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.OutOfRange, () => reader.SeekAsync(0, SeekTarget.At(UInt128.MaxValue)).AsTask());
        Expect.Sequence(0, Count, await Collect.ExactlyAsync(reader, Count));

        await reader.SeekAsync(0, SeekTarget.At(end));
        await Collect.NothingAsync(reader);
        await SendAsync(topic, Sample.Numbered(1, from: Count));
        Expect.Sequence(Count, 1, await Collect.ExactlyAsync(reader, 1));
    }

    [Case]
    [Rule("B3-55", "Reading starts exactly at the lower bound given")]
    [Rule("B3-59", "The offset behind a record means the next record, whether or not it was given out")]
    public async Task The_offset_behind_a_record_means_the_next_one()
    {
        var (topic, positions) = await SentAsync();
        for (var i = 0; i < Count - 1; i += 6)
        {
            var reader = await OpenReaderAsync(topic, SeekTarget.At(positions[i].Offset + 1));

            Expect.Sequence(i + 1, Count - i - 1, await Collect.ExactlyAsync(reader, Count - i - 1));
        }
    }

    [Case]
    [Rule("B3-62", "A seek to the beginning and to the end goes there")]
    public async Task Seek_to_the_beginning_and_the_end()
    {
        var (topic, _) = await SentAsync();
        var reader = await OpenReaderAsync(topic);

        await reader.SeekAsync(0, SeekTarget.End);
        await Collect.NothingAsync(reader);

        await reader.SeekAsync(0, SeekTarget.Beginning);
        Expect.Sequence(0, Count, await Collect.ExactlyAsync(reader, Count));
    }

    [Case]
    [Rule("DS-32", "A seek moves one partition and no other")]
    public async Task Seek_moves_one_partition_only()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        await SendAsync(topic, Sample.Dealt(Count, partitions: 2));
        var reader = await OpenReaderAsync(topic);
        await Collect.ExactlyAsync(reader, Count);

        await reader.SeekAsync(1, SeekTarget.Beginning);

        var again = await Collect.ExactlyAsync(reader, Count / 2);
        Assert.IsTrue(again.All(record => record.Position!.Value.Partition == 1));
        await Collect.NothingAsync(reader);
    }

    [Case]
    [Rule("DS-33", "A seek in a partition that is not ours is refused as fenced")]
    public async Task Seek_in_a_partition_that_is_not_ours_is_refused()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        await SendAsync(topic, Sample.Dealt(Count, partitions: 2));
        var reader = await OpenReaderAsync(topic, partitions: [0]);

        await Expect.RefusalAsync(StreamErrorKind.Fenced, () => reader.SeekAsync(1, SeekTarget.Beginning).AsTask());
    }

    [Case]
    [Rule("B3-64", "A reader that is caught up can see it: its next offset is the end")]
    public async Task Progress_tells_a_reader_that_it_is_caught_up()
    {
        var (topic, positions) = await SentAsync();
        var reader = await OpenReaderAsync(topic, maxRecords: 5);

        await Collect.UntilAsync(reader, soFar => soFar.Count == 5, "5 records");
        var midway = (await reader.GetProgressAsync())[0];
        await Collect.ExactlyAsync(reader, Count - 5);
        var end = (await reader.GetProgressAsync())[0];

        Assert.IsTrue(midway.NextOffset > positions[4].Offset && midway.NextOffset <= positions[5].Offset, "The next read goes on behind the fifth record.");
        Assert.AreEqual(positions[0].Offset, midway.Bounds.Begin);
        Assert.AreEqual(end.Bounds.End, end.NextOffset);
        Assert.IsNull(end.Committed);
    }

    private async Task<(string Topic, IReadOnlyList<StreamPosition> Positions)> SentAsync()
    {
        var topic = NewName();
        await Provider.Admin.CreateTopicAsync(new TopicSpec(topic));
        return (topic, await SendAsync(topic, Sample.Numbered(Count)));
    }
}
