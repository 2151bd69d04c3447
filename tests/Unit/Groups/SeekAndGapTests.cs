using DashStream.Stores;
using static DashStream.Tests.Groups.ReadingFixture;

namespace DashStream.Tests.Groups;

[TestClass]
public sealed class SeekAndGapTests
{
    [TestMethod]
    public async Task A_seek_is_obeyed_by_the_very_next_read_in_both_directions()
    {
        await using var fixture = await FilledAsync("a", "b", "c", "d");
        var consumer = await fixture.OpenAloneAsync(o => o.MaxBatchRecords = 2);
        CollectionAssert.AreEqual(new[] { "a", "b" }, Texts(await consumer.ReadAsync(Short)));

        await consumer.SeekAsync(0, SeekTarget.At(3));
        CollectionAssert.AreEqual(new[] { "d" }, Texts(await consumer.ReadAsync(Short)));
        await consumer.SeekAsync(0, SeekTarget.Beginning);
        CollectionAssert.AreEqual(new[] { "a", "b" }, Texts(await consumer.ReadAsync(Short)));
        await consumer.SeekAsync(0, SeekTarget.End);
        Assert.IsEmpty((await consumer.ReadAsync(Short)).Records);
        await fixture.AppendAsync(0, "e");
        CollectionAssert.AreEqual(new[] { "e" }, await ReadAsync(consumer, 1));
        await consumer.SeekAsync(0, SeekTarget.At(5));
    }

    [TestMethod]
    public async Task A_seek_to_what_the_log_does_not_hold_is_refused_and_nothing_moves()
    {
        await using var fixture = await FilledAsync("a", "b", "c", "d");
        var consumer = await fixture.OpenAloneAsync(o => o.MaxBatchRecords = 2);
        await consumer.ReadAsync(Short);
        await fixture.Store.TrimAsync(Topic, 0, 2, default);

        await ThrowsAsync(StreamErrorKind.OutOfRange, () => consumer.SeekAsync(0, SeekTarget.At(1)).AsTask());
        await ThrowsAsync(StreamErrorKind.OutOfRange, () => consumer.SeekAsync(0, SeekTarget.At(5)).AsTask());
        await ThrowsAsync(StreamErrorKind.Fenced, () => consumer.SeekAsync(1, SeekTarget.Beginning).AsTask());

        CollectionAssert.AreEqual(new[] { "c", "d" }, Texts(await consumer.ReadAsync(Short)));
    }

    [TestMethod]
    public async Task A_seek_inside_the_assignment_call_wins_over_the_commit()
    {
        await using var fixture = await FilledAsync("a", "b", "c");
        var first = await fixture.OpenAsync();
        await AssignedAsync(first, 0);
        await first.CommitAsync([new StreamPosition(0, 1)]);
        await first.StopAsync(Long);

        var opened = new TaskCompletionSource<LogConsumer>();
        var listener = new RecordingListener
        {
            On = async (what, _, token) =>
            {
                if (what == "assigned")
                {
                    await (await opened.Task).SeekAsync(0, SeekTarget.Beginning, token);
                }
            },
        };
        var second = await fixture.OpenAsync(o => o.Listener = listener);
        opened.SetResult(second);

        CollectionAssert.AreEqual(new[] { "a", "b", "c" }, await ReadAsync(second, 3));
        Assert.AreEqual((UInt128)1, (await second.GetProgressAsync())[0].Committed);
    }

    [TestMethod]
    public async Task A_seek_during_a_read_drops_what_that_read_has_fetched()
    {
        await using var fixture = await FilledAsync("a", "b", "c");
        var consumer = await fixture.OpenAloneAsync();
        var (inRead, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        fixture.Store.OnRead = async (_, _) =>
        {
            inRead.TrySetResult();
            await goOn.Task;
        };

        var read = consumer.ReadAsync(Long).AsTask();
        await inRead.Task;
        await consumer.SeekAsync(0, SeekTarget.At(2));
        goOn.SetResult();

        CollectionAssert.AreEqual(new[] { "c" }, Texts(await read));
    }

    [TestMethod]
    public async Task What_was_trimmed_under_a_reader_is_told_as_a_gap()
    {
        await using var fixture = await FilledAsync("a", "b", "c", "d");
        var consumer = await fixture.OpenAloneAsync(o => o.MaxBatchRecords = 1);
        await consumer.ReadAsync(Short);
        await fixture.Store.TrimAsync(Topic, 0, 3, default);

        var batch = await consumer.ReadAsync(Short);

        CollectionAssert.AreEqual(new[] { new StreamGap(0, 1, 3) }, batch.Gaps.ToArray());
        CollectionAssert.AreEqual(new[] { "d" }, Texts(batch));
    }

    [TestMethod]
    public async Task A_gap_is_told_even_when_nothing_is_left_to_read()
    {
        await using var fixture = await FilledAsync("a", "b", "c", "d");
        var consumer = await fixture.OpenAloneAsync(o => o.MaxBatchRecords = 1);
        await consumer.ReadAsync(Short);
        await fixture.Store.TrimAsync(Topic, 0, 4, default);

        var batch = await consumer.ReadAsync(Long);

        CollectionAssert.AreEqual(new[] { new StreamGap(0, 1, 4) }, batch.Gaps.ToArray());
        Assert.IsEmpty(batch.Records);
        Assert.IsEmpty((await consumer.ReadAsync(Short)).Gaps);
    }

    [TestMethod]
    public async Task A_commit_that_the_log_no_longer_reaches_back_to_is_told_as_a_gap()
    {
        await using var fixture = await FilledAsync("a", "b", "c", "d");
        var first = await fixture.OpenAsync();
        await AssignedAsync(first, 0);
        await first.CommitAsync([new StreamPosition(0, 0)]);
        await first.StopAsync(Long);
        await fixture.Store.TrimAsync(Topic, 0, 2, default);

        var second = await fixture.OpenAsync();
        var batch = await second.ReadAsync(Long);

        CollectionAssert.AreEqual(new[] { new StreamGap(0, 1, 2) }, batch.Gaps.ToArray());
        CollectionAssert.AreEqual(new[] { "c", "d" }, Texts(batch));
    }

    [TestMethod]
    public async Task Loss_in_a_quiet_partition_is_told_although_another_one_is_busy()
    {
        await using var fixture = new ReadingFixture(partitions: 2);
        await fixture.AppendAsync(1, "x", "y");
        var consumer = await fixture.OpenAloneAsync(o => o.MaxBatchRecords = 1);
        await consumer.ReadAsync(Short);
        await fixture.Store.TrimAsync(Topic, 1, 2, default);
        var gaps = new List<StreamGap>();

        var start = TimeProvider.System.GetTimestamp();
        while (gaps.Count == 0 && TimeProvider.System.GetElapsedTime(start) < Long)
        {
            await fixture.AppendAsync(0, "busy", "busy");
            gaps.AddRange((await consumer.ReadAsync(Short)).Gaps);
            await Task.Delay(5);
        }

        CollectionAssert.AreEqual(new[] { new StreamGap(1, 1, 2) }, gaps);
    }

    [TestMethod]
    public async Task A_start_at_the_end_means_the_end_at_the_opening()
    {
        await using var fixture = await FilledAsync("old");
        var consumer = await fixture.OpenAsync(o => o.Start = SeekTarget.End);
        await fixture.AppendAsync(0, "new");
        var alone = await fixture.OpenAloneAsync(o => o.Start = SeekTarget.End);
        await fixture.AppendAsync(0, "newer");

        CollectionAssert.AreEqual(new[] { "new", "newer" }, await ReadAsync(consumer, 2));
        CollectionAssert.AreEqual(new[] { "newer" }, await ReadAsync(alone, 1));
    }

    [TestMethod]
    public async Task A_start_that_the_log_does_not_hold_is_told_until_somebody_seeks()
    {
        await using var fixture = await FilledAsync("a");
        await ThrowsAsync(StreamErrorKind.OutOfRange, () => fixture.OpenAloneAsync(o => o.Start = SeekTarget.At(7)));
        var consumer = await fixture.OpenAsync(o => o.Start = SeekTarget.At(7));
        await AssignedAsync(consumer, 0);

        await ThrowsAsync(StreamErrorKind.OutOfRange, () => consumer.ReadAsync(Long).AsTask());
        await ThrowsAsync(StreamErrorKind.OutOfRange, () => consumer.ReadAsync(Long).AsTask());
        await consumer.SeekAsync(0, SeekTarget.Beginning);

        CollectionAssert.AreEqual(new[] { "a" }, await ReadAsync(consumer, 1));
    }

    [TestMethod]
    public async Task A_topic_made_anew_under_a_reader_is_an_error_and_no_silence()
    {
        await using var fixture = await FilledAsync("a", "b");
        var consumer = await fixture.OpenAloneAsync();
        await consumer.ReadAsync(Short);

        await fixture.Store.DeleteTopicAsync(Topic, default);
        await ThrowsAsync(StreamErrorKind.NotFound, () => consumer.ReadAsync(Long).AsTask());
        await fixture.Store.TryCreateTopicAsync(fixture.Spec, default);
        await fixture.AppendAsync(0, "c");

        await ThrowsAsync(StreamErrorKind.OutOfRange, () => consumer.ReadAsync(Long).AsTask());
    }
}
