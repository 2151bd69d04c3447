namespace DashStream.Conformance;

/// <summary>How a consumer ends: in time, whole, and without touching its neighbours.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class ConsumerLifecycleConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    [Case]
    [Rule("B7-103", "A second stop of a consumer returns the same receipt; disposing twice is harmless")]
    public async Task Stopping_twice_is_stopping_once()
    {
        var topic = await CreateTopicAsync();
        var member = await JoinAsync(topic, "g");
        await member.OwnsAsync(1);

        var receipts = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => member.Consumer.StopAsync(Waits.Positive).AsTask())));

        Assert.HasCount(1, receipts.Distinct());
        Assert.IsTrue(receipts[0].Complete);
        Assert.AreSame(receipts[0], await member.Consumer.StopAsync(TimeSpan.Zero));
        await member.Consumer.DisposeAsync();
        await member.Consumer.DisposeAsync();
    }

    [Case]
    [Rule("DS-71", "A stop takes a deadline of any length, and returns as soon as it is done")]
    public async Task A_stop_takes_a_deadline_of_any_length()
    {
        var topic = await CreateTopicAsync();
        var member = await JoinAsync(topic, "g");
        await member.OwnsAsync(1);
        var reader = await OpenReaderAsync(topic);

        var receipt = await Waits.WithinAsync(member.Consumer.StopAsync(TimeSpan.MaxValue).AsTask(), "the member stopped");
        await Waits.WithinAsync(reader.StopAsync(TimeSpan.MaxValue).AsTask(), "the reader stopped");

        Assert.IsTrue(receipt.Complete);
    }

    [Case]
    [Rule("B7-104", "A stop returns in bounded time while a listener blocks, and says that it is not complete")]
    public async Task A_stop_is_bounded_while_a_listener_blocks()
    {
        var topic = await CreateTopicAsync();
        var release = new TaskCompletionSource();
        var member = await JoinAsync(topic, "g", prepare: member =>
            member.WhenHeard = (change, _) => change == AssignmentChange.Revoked ? release.Task : Task.CompletedTask);
        await member.OwnsAsync(1);

        var receipt = await Waits.WithinAsync(member.Consumer.StopAsync(TimeSpan.FromMilliseconds(300)).AsTask(), "the stop returns");

        Assert.IsFalse(receipt.Complete);
        release.SetResult();
    }

    [Case]
    [Rule("B7-104", "A stop ends a read that is waiting, and nobody needs to read for it")]
    public async Task A_stop_ends_a_waiting_read()
    {
        var reader = await OpenReaderAsync(await CreateTopicAsync());
        var reading = reader.ReadAsync(TimeSpan.FromMinutes(10)).AsTask();

        await Waits.WithinAsync(reader.StopAsync(Waits.Positive).AsTask(), "the stop returns");

        await Expect.RefusalAsync(StreamErrorKind.Closed, () => Waits.WithinAsync(reading, "the read ends"));
    }

    [Case]
    [Rule("B7-109", "A stop whose caller stopped waiting is still a stop: the next call returns its receipt")]
    public async Task A_stop_goes_on_when_its_caller_gives_up()
    {
        var topic = await CreateTopicAsync();
        var member = await JoinAsync(topic, "g");
        await member.OwnsAsync(1);

        await Waits.EndsAsync(member.Consumer.StopAsync(Waits.Positive, new CancellationToken(canceled: true)).AsTask(), "the call ends");

        Assert.IsTrue((await member.Consumer.StopAsync(Waits.Positive)).Complete);
        var heir = await JoinAsync(topic, "g");
        await heir.OwnsAsync(1);
    }

    [Case]
    [Rule("B7-106", "A consumer that was stopped refuses as closed, and opens nothing")]
    public async Task A_stopped_consumer_refuses()
    {
        var topic = await CreateTopicAsync();
        var positions = await SendAsync(topic, Sample.Numbered(3));
        var member = await JoinAsync(topic, "g");
        await Collect.ExactlyAsync(member.Consumer, 3);
        await member.Consumer.StopAsync(Waits.Positive);

        await Expect.RefusalAsync(StreamErrorKind.Closed, () => member.Consumer.ReadAsync(TimeSpan.Zero).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.Closed, () => member.Consumer.CommitAsync([positions[0]]).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.Closed, () => member.Consumer.GetProgressAsync().AsTask());
    }

    [Case]
    [Rule("B7-108", "After a stop, a new consumer gets what was sent meanwhile")]
    [Rule("B7-116", "A consumer that went away takes nothing from a later one")]
    public async Task A_new_consumer_gets_what_was_sent_meanwhile()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var first = await JoinAsync(topic, "g");
        await SendAsync(topic, Sample.Numbered(10, keys: 4));
        await first.Consumer.CommitAsync((await Collect.ExactlyAsync(first.Consumer, 10)).LastPositions());
        await first.Consumer.StopAsync(Waits.Positive);

        await SendAsync(topic, Sample.Numbered(10, keys: 4, from: 10));
        var second = await JoinAsync(topic, "g");

        var read = await Collect.ExactlyAsync(second.Consumer, 10);
        CollectionAssert.AreEquivalent(Enumerable.Range(10, 10).ToArray(), Sample.NumbersOf(read).ToArray());
    }

    [Case]
    [Rule("B7-110", "Stopping one of two consumers leaves the other at work")]
    public async Task Stopping_one_consumer_leaves_the_other()
    {
        var topic = await CreateTopicAsync();
        var first = await OpenReaderAsync(topic);
        var second = await OpenReaderAsync(topic);
        var reading = second.ReadAsync(TimeSpan.FromMinutes(10)).AsTask();

        await first.DisposeAsync();
        await SendAsync(topic, Sample.Numbered(1));

        Expect.Sequence(0, 1, (await Waits.WithinAsync(reading, "the other reader goes on")).Records);
    }

    [Case]
    [Rule("B7-114", "A waiting read can be cancelled; it has delivered nothing, and the next read gets everything")]
    public async Task A_cancelled_read_has_delivered_nothing()
    {
        var topic = await CreateTopicAsync();
        var reader = await OpenReaderAsync(topic);
        for (var i = 0; i < 20; i++)
        {
            using var cancel = new CancellationTokenSource();
            var reading = reader.ReadAsync(TimeSpan.FromMinutes(10), cancel.Token).AsTask();
            var sending = i % 2 == 0 ? Task.CompletedTask : SendAsync(topic, Sample.Numbered(1, from: i));
            await cancel.CancelAsync();
            await Waits.EndsAsync(reading, "a cancelled read ends");
            await sending;
            if (i % 2 != 0)
            {
                var read = reading.IsCompletedSuccessfully && reading.Result.Records.Count > 0
                    ? reading.Result.Records
                    : await Collect.ExactlyAsync(reader, 1);
                Expect.Sequence(i, 1, read);
            }
        }
    }

    [Case]
    [Rule("B7-114", "Calls of a consumer whose token is cancelled already end as cancelled, and lose nothing")]
    public async Task Calls_cancelled_beforehand_lose_nothing()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(5));
        var reader = await OpenReaderAsync(topic);
        var cancelled = new CancellationToken(canceled: true);

        await Expect.CancellationAsync(() => reader.ReadAsync(Waits.Positive, cancelled).AsTask());
        await Expect.CancellationAsync(() => reader.SeekAsync(0, SeekTarget.End, cancelled).AsTask());
        await Expect.CancellationAsync(() => reader.GetProgressAsync(cancelled).AsTask());

        Expect.Sequence(0, 5, await Collect.ExactlyAsync(reader, 5));
    }

    [Case]
    [Rule("DS-66", "A stop tells the committed position of each partition that was held")]
    public async Task A_stop_tells_what_is_committed_and_what_is_left()
    {
        var topic = await CreateTopicAsync();
        var positions = await SendAsync(topic, Sample.Numbered(20));
        var member = await JoinAsync(topic, "g");
        await Collect.ExactlyAsync(member.Consumer, 20);
        await member.Consumer.CommitAsync([positions[11]]);

        var receipt = await member.Consumer.StopAsync(Waits.Positive);

        CollectionAssert.AreEqual(new[] { positions[11] }, receipt.Committed.ToArray());
        Assert.AreEqual(8, receipt.Left);
        Assert.IsTrue(receipt.Complete);
    }
}
