using DashStream.Stores;
using static DashStream.Tests.Groups.ReadingFixture;

namespace DashStream.Tests.Groups;

[TestClass]
public sealed class LogConsumerTests
{
    [TestMethod]
    public async Task A_paused_partition_is_silent_and_loses_nothing()
    {
        await using var fixture = new ReadingFixture(partitions: 2);
        var consumer = await fixture.OpenAsync();
        await AssignedAsync(consumer, 0, 1);
        consumer.Pause([0, 7]);
        await fixture.AppendAsync(0, "a");
        await fixture.AppendAsync(1, "b");

        CollectionAssert.AreEqual(new[] { "b" }, Texts(await consumer.ReadAsync(Long)));
        Assert.IsEmpty((await consumer.ReadAsync(Short)).Records);
        var waiting = consumer.ReadAsync(Long).AsTask();
        consumer.Resume([0]);

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await waiting.WaitAsync(Long)));
    }

    [TestMethod]
    public async Task Partitions_are_read_in_turn()
    {
        await using var fixture = new ReadingFixture(partitions: 3);
        for (var partition = 0; partition < 3; partition++)
        {
            await fixture.AppendAsync(partition, [.. Enumerable.Repeat($"{partition}", 10)]);
        }

        var consumer = await fixture.OpenAloneAsync(o => o.MaxBatchRecords = 5);
        var read = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            var batch = await consumer.ReadAsync(Short);
            Assert.HasCount(5, batch.Records);
            read.Add(string.Concat(Texts(batch).Distinct()));
        }

        CollectionAssert.AreEqual(new[] { "0", "1", "2", "0", "1", "2" }, read);
    }

    [TestMethod]
    public async Task A_batch_keeps_its_byte_limit_over_partitions_but_one_record_always_fits()
    {
        await using var fixture = new ReadingFixture(partitions: 2);
        await fixture.AppendAsync(0, new string('a', 700), new string('b', 2000));
        await fixture.AppendAsync(1, new string('c', 400), new string('d', 10));
        var consumer = await fixture.OpenAloneAsync(o => o.MaxBatchBytes = 1024);
        var batches = new List<string>();

        for (var i = 0; i < 3; i++)
        {
            batches.Add(string.Join(",", Texts(await consumer.ReadAsync(Short)).Select(text => text[..1])));
        }

        CollectionAssert.AreEquivalent(new[] { "a", "b", "c,d" }, batches);
    }

    [TestMethod]
    public async Task A_cancelled_read_has_delivered_nothing()
    {
        await using var fixture = await FilledAsync("a");
        var consumer = await fixture.OpenAloneAsync();
        using var cancel = new CancellationTokenSource();
        fixture.Store.OnRead = async (_, token) =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
        };

        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => consumer.ReadAsync(Long, cancel.Token).AsTask());
        fixture.Store.OnRead = static (_, _) => ValueTask.CompletedTask;

        Assert.AreEqual(cancel.Token, error.CancellationToken);
        CollectionAssert.AreEqual(new[] { "a" }, Texts(await consumer.ReadAsync(Short)));
        await Assert.ThrowsAsync<OperationCanceledException>(() => consumer.ReadAsync(Long, cancel.Token).AsTask());
    }

    [TestMethod]
    public async Task A_second_read_at_the_same_time_is_a_mistake_and_harms_nothing()
    {
        await using var fixture = new ReadingFixture();
        var consumer = await fixture.OpenAloneAsync();
        var first = consumer.ReadAsync(Long).AsTask();

        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => consumer.ReadAsync(Long).AsTask());
        await fixture.AppendAsync(0, "a");

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await first.WaitAsync(Long)));
    }

    [TestMethod]
    public async Task A_transient_failure_is_thrown_and_nothing_moves()
    {
        await using var fixture = await FilledAsync("a");
        var consumer = await fixture.OpenAloneAsync();
        fixture.Store.OnRead = static (_, _) => throw new StreamException(StreamErrorKind.Transient, "away");

        await ThrowsAsync(StreamErrorKind.Transient, () => consumer.ReadAsync(Long).AsTask());
        fixture.Store.OnRead = static (_, _) => ValueTask.CompletedTask;

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await consumer.ReadAsync(Short)));
    }

    [TestMethod]
    public async Task A_damaged_partition_is_told_and_does_not_stop_the_others()
    {
        await using var fixture = new ReadingFixture(partitions: 2);
        await fixture.AppendAsync(0, "a");
        await fixture.AppendAsync(1, "b", "c");
        var consumer = await fixture.OpenAloneAsync(o => o.MaxBatchRecords = 1);
        fixture.Store.OnRead = static (partition, _) => partition == 0 ? throw new StreamException(StreamErrorKind.Corrupt, "bad") : default;
        var (read, errors) = (new List<string>(), 0);

        for (var i = 0; i < 6; i++)
        {
            try
            {
                read.AddRange(Texts(await consumer.ReadAsync(TimeSpan.Zero)));
            }
            catch (StreamException e) when (e.Kind == StreamErrorKind.Corrupt)
            {
                errors++;
            }
        }

        CollectionAssert.AreEqual(new[] { "b", "c" }, read);
        Assert.IsGreaterThan(1, errors);
    }

    [TestMethod]
    public async Task An_append_between_the_look_and_the_wait_is_not_missed()
    {
        await using var fixture = new ReadingFixture();
        var consumer = await fixture.OpenAloneAsync();
        fixture.Store.OnWait = async () =>
        {
            fixture.Store.OnWait = static () => ValueTask.CompletedTask;
            await fixture.AppendAsync(0, "a");
        };

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await consumer.ReadAsync(Long).AsTask().WaitAsync(TimeSpan.FromSeconds(10))));
    }

    [TestMethod]
    public async Task Waiting_in_vain_again_and_again_reads_the_log_once()
    {
        await using var fixture = new ReadingFixture(partitions: 8);
        var consumer = await fixture.OpenAloneAsync();
        await consumer.ReadAsync(TimeSpan.Zero);
        var reads = fixture.Store.Reads;

        await consumer.ReadAsync(TimeSpan.Zero);
        await consumer.ReadAsync(Short);
        Assert.AreEqual(reads, fixture.Store.Reads);
        await fixture.AppendAsync(3, "a");

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await consumer.ReadAsync(TimeSpan.Zero)));
    }

    [TestMethod]
    public async Task A_stop_ends_a_waiting_read_at_once_and_everything_after_it()
    {
        await using var fixture = new ReadingFixture();
        var consumer = await fixture.OpenAsync();
        await AssignedAsync(consumer, 0);
        var waiting = consumer.ReadAsync(Timeout.InfiniteTimeSpan).AsTask();

        await consumer.StopAsync(Long);

        await ThrowsAsync(StreamErrorKind.Closed, () => waiting);
        await ThrowsAsync(StreamErrorKind.Closed, () => consumer.ReadAsync(Long).AsTask());
        await ThrowsAsync(StreamErrorKind.Closed, () => consumer.CommitAsync([]).AsTask());
        await ThrowsAsync(StreamErrorKind.Closed, () => consumer.SeekAsync(0, SeekTarget.Beginning).AsTask());
        await ThrowsAsync(StreamErrorKind.Closed, () => consumer.GetProgressAsync().AsTask());
    }

    [TestMethod]
    public async Task A_stop_does_not_wait_for_a_read_that_hangs_in_the_store()
    {
        await using var fixture = await FilledAsync("a");
        var consumer = await fixture.OpenAloneAsync();
        fixture.Store.OnRead = static (_, _) => new ValueTask(new TaskCompletionSource().Task);
        var hanging = consumer.ReadAsync(Long).AsTask();

        await consumer.StopAsync(Long);

        await ThrowsAsync(StreamErrorKind.Closed, () => hanging);
    }

    [TestMethod]
    public async Task Nothing_of_a_partition_is_returned_once_its_revoke_has_begun()
    {
        await using var fixture = new ReadingFixture(partitions: 2);
        var goOn = new TaskCompletionSource();
        var revoking = new TaskCompletionSource();
        var listener = new RecordingListener();
        listener.On = async (what, _, _) =>
        {
            if (what == "revoked")
            {
                revoking.TrySetResult();
                await goOn.Task;
            }
        };
        var owner = await fixture.OpenAsync(o => o.Listener = listener);
        await AssignedAsync(owner, 0, 1);
        await fixture.AppendAsync(1, "a");
        fixture.Store.OnRead = async (_, _) => await revoking.Task;
        var read = owner.ReadAsync(Short).AsTask();
        await UntilAsync(() => fixture.Store.Reads > 0, "The read has begun.");

        await fixture.OpenAsync(store: fixture.NewStore());

        Assert.IsEmpty((await read).Records);
        goOn.SetResult();
    }

    [TestMethod]
    public async Task Progress_counts_from_the_commit_with_a_group_and_from_the_reader_alone()
    {
        await using var fixture = await FilledAsync("a", "b", "c");
        var member = await fixture.OpenAsync();
        await ReadAsync(member, 3);
        Assert.AreEqual(new PartitionProgress(0, 3, null, new PartitionBounds(0, 3), 3), (await member.GetProgressAsync()).Single());
        await member.CommitAsync([new StreamPosition(0, 1)]);
        Assert.AreEqual(new PartitionProgress(0, 3, 1, new PartitionBounds(0, 3), 1), (await member.GetProgressAsync()).Single());
        await member.CommitAsync([new StreamPosition(0, 0)]);
        Assert.AreEqual((UInt128)1, (await member.GetProgressAsync()).Single().Committed);

        var alone = await fixture.OpenAloneAsync(o => o.MaxBatchRecords = 2);
        await alone.ReadAsync(Short);

        Assert.AreEqual(new PartitionProgress(0, 2, null, new PartitionBounds(0, 3), 1), (await alone.GetProgressAsync()).Single());
    }

    [TestMethod]
    public async Task Reading_alone_takes_the_partitions_asked_for_and_no_commits()
    {
        await using var fixture = new ReadingFixture(partitions: 3);
        await fixture.AppendAsync(0, "a");
        await fixture.AppendAsync(2, "c");
        var consumer = await fixture.OpenAloneAsync(o => o.Partitions = [2, 1, 2]);

        CollectionAssert.AreEqual(new[] { 1, 2 }, consumer.Assignment.ToArray());
        CollectionAssert.AreEqual(new[] { "c" }, Texts(await consumer.ReadAsync(Short)));
        Assert.IsEmpty((await consumer.ReadAsync(Short)).Records);
        await ThrowsAsync(StreamErrorKind.InvalidRequest, () => consumer.CommitAsync([new StreamPosition(2, 0)]).AsTask());
        await ThrowsAsync(StreamErrorKind.NotFound, () => fixture.OpenAloneAsync(o => o.Partitions = [3]));
        await ThrowsAsync(StreamErrorKind.InvalidRequest, () => fixture.OpenAsync(o => o.Partitions = [0]));
        Assert.IsTrue((await consumer.StopAsync(TimeSpan.Zero)).Complete);
    }

    [TestMethod]
    public async Task A_commit_of_ours_and_others_commits_ours_and_names_the_others()
    {
        await using var fixture = new ReadingFixture(partitions: 2);
        var first = await fixture.OpenAsync();
        await AssignedAsync(first, 0, 1);
        var second = await fixture.OpenAsync();
        await AssignedAsync(second, 1);
        await fixture.AppendAsync(0, "a");

        var error = await ThrowsAsync(StreamErrorKind.Fenced, () => first.CommitAsync([new StreamPosition(1, 0), new StreamPosition(0, 0)]).AsTask());

        StringAssert.Contains(error.Message, "Partition 1 ");
        Assert.AreEqual((UInt128)0, (await first.GetProgressAsync()).Single().Committed);
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => first.CommitAsync([new StreamPosition(0, 0), new StreamPosition(0, 1)]).AsTask());
    }
}
