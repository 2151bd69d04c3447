namespace DashStream.Conformance;

/// <summary>Positions are found by time, to the step of the declared resolution.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class TimeConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private const int Count = 10;
    private const long StepUs = 1_000_000;
    private const long FirstUs = Sample.TimeUs - (Sample.TimeUs % StepUs);

    [Case]
    [Rule("B8-7", "Seeks to a time are exact on the boundary, one step before it and one behind")]
    [Rule("B3-62", "A seek to a time goes to the first record of that time or later, on the boundary and between two records")]
    public async Task Seek_to_a_time_goes_to_the_first_record_from_then_on()
    {
        var (topic, _) = await SentAsync();
        var reader = await OpenReaderAsync(topic);
        (long TimeUs, int First)[] cases =
        [
            (0, 0), (FirstUs - 1, 0), (FirstUs, 0), (FirstUs + Step, 1), (At(4), 4), (At(4) + Step, 5), (At(5) - Step, 5), (At(9), 9),
        ];

        foreach (var (timeUs, first) in cases)
        {
            await reader.SeekAsync(0, SeekTarget.Time(timeUs));

            Expect.Sequence(first, Count - first, await Collect.ExactlyAsync(reader, Count - first));
        }
    }

    [Case]
    [Rule("B3-62", "A seek to a time after the last record goes to the end")]
    public async Task Seek_to_a_later_time_goes_to_the_end()
    {
        var (topic, _) = await SentAsync();
        var reader = await OpenReaderAsync(topic);

        await reader.SeekAsync(0, SeekTarget.Time(At(9) + Step));

        await Collect.NothingAsync(reader);
        await SendAsync(topic, Sample.Text("10", timestampUs: FirstUs));
        Expect.Sequence(10, 1, await Collect.ExactlyAsync(reader, 1));
    }

    [Case]
    [Rule("B3-62", "The first position of a time is found, or nothing when there is none yet")]
    public async Task The_first_position_of_a_time_is_found()
    {
        var (topic, positions) = await SentAsync();
        var admin = Provider.Admin;

        Assert.AreEqual(positions[0], await admin.FindAsync(topic, 0, 0));
        Assert.AreEqual(positions[3], await admin.FindAsync(topic, 0, At(3)));
        Assert.AreEqual(positions[4], await admin.FindAsync(topic, 0, At(3) + Step));
        Assert.IsNull(await admin.FindAsync(topic, 0, At(9) + Step));
    }

    [Case]
    [Rule("DS-34", "Where times run back, the first record in log order with that time or later counts")]
    public async Task Times_that_run_back_are_found_in_log_order()
    {
        var topic = await CreateTopicAsync();
        int[] seconds = [5, 1, 9, 2, 9, 7];
        var positions = await SendAsync(topic, seconds.Select((second, i) => Sample.Text($"{i}", timestampUs: FirstUs + (second * StepUs))));

        (int Second, int First)[] cases = [(0, 0), (5, 0), (6, 2), (9, 2)];
        foreach (var (second, first) in cases)
        {
            Assert.AreEqual(positions[first], await Provider.Admin.FindAsync(topic, 0, FirstUs + (second * StepUs)), $"Second {second}.");
        }
    }

    [Case]
    [Rule("DS-35", "A reader may start at a time")]
    public async Task A_reader_starts_at_a_time()
    {
        var (topic, _) = await SentAsync();

        var reader = await OpenReaderAsync(topic, SeekTarget.Time(At(6)));

        Expect.Sequence(6, Count - 6, await Collect.ExactlyAsync(reader, Count - 6));
    }

    [Case]
    [Rule("DS-36", "Times of removed records are found no more")]
    public async Task Times_of_removed_records_are_found_no_more()
    {
        var (topic, positions) = await SentAsync();

        await Provider.Admin.TrimAsync(topic, positions[5]);

        Assert.AreEqual(positions[5], await Provider.Admin.FindAsync(topic, 0, At(2)));
    }

    private static long At(int record) => FirstUs + (record * StepUs);

    private long Step => Capabilities.TimestampResolutionUs;

    private async Task<(string Topic, IReadOnlyList<StreamPosition> Positions)> SentAsync()
    {
        var topic = NewName();
        await Provider.Admin.CreateTopicAsync(new TopicSpec(topic));
        return (topic, await SendAsync(topic, Enumerable.Range(0, Count).Select(i => Sample.Text($"{i}", timestampUs: At(i)))));
    }
}
