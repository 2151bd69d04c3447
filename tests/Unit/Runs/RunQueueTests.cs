using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using DashStream.Protocol;
using DashStream.Providers;
using Microsoft.Extensions.DependencyInjection;

namespace DashStream.Tests.Runs;

[TestClass]
public sealed class RunQueueTests
{
    [TestMethod]
    public async Task What_finds_no_room_is_counted_by_kind_and_leaves_no_gap()
    {
        await using var recording = await RunFixture.OpenAsync(new() { MaxPendingMessages = 20, DropPolicy = RunDropPolicy.Newest });
        var gate = recording.Block();
        using var run = recording.Runs.Start("t");

        for (var i = 0; i < 100; i++)
        {
            run.Edge("a", "b");
            run.Metrics("run", "t", ("i", i));
        }

        var full = recording.Runs.Counts;
        recording.Provider.Decide = null;
        gate.SetResult(default);
        var counts = await recording.FlushAsync();

        Assert.AreEqual(20, full.Total.Pending);
        Assert.AreEqual(181, full.Total.Dropped);
        Assert.AreEqual(201, counts.Total.Recorded);
        Assert.AreEqual(20, counts.Total.Stored);
        Assert.AreEqual(11, counts.ByKind[MessageType.Event].Stored);
        Assert.AreEqual(90, counts.ByKind[MessageType.Event].Dropped);
        Assert.AreEqual(91, counts.ByKind[MessageType.Metrics].Dropped);
        CollectionAssert.AreEqual(
            Enumerable.Range(1, 20).Select(number => (ulong)number).ToList(), recording.Messages.Select(message => MessageParts.HeaderOf(message)!.Sequence).ToList());
    }

    [TestMethod]
    public async Task Checkpoints_asked_for_while_nothing_can_be_sent_take_room_like_everything_else()
    {
        await using var provider = new MemoryProvider();
        await using var services = new ServiceCollection()
            .AddDashStream().UseProvider(_ => new LateProvider(provider, () => true)).AddRuns("runs", options => options.MaxPendingMessages = 20).Services
            .BuildServiceProvider();
        await using var runs = services.GetRequiredService<DashStreamRuns>();
        using var run = runs.Start("t");

        for (var i = 0; i < 100; i++)
        {
            run.Checkpoint();
        }

        Assert.AreEqual(20, runs.Counts.Total.Pending);
        Assert.AreEqual(81, runs.Counts.ByKind[MessageType.Checkpoint].Dropped);
        await runs.StopAsync(TimeSpan.Zero);
    }

    [TestMethod]
    public async Task Details_yield_the_last_quarter_to_what_makes_a_run_complete()
    {
        await using var recording = await RunFixture.OpenAsync(new() { MaxPendingMessages = 40 });
        var gate = recording.Block();
        using var run = recording.Runs.Start("t");
        using var call = run.ModelCall("m");

        for (var i = 0; i < 100; i++)
        {
            call.Token("x");
        }

        call.Finish();
        run.Complete();
        gate.SetResult(default);
        var counts = await recording.FlushAsync();

        Assert.AreEqual(72, counts.ByKind[MessageType.TokenChunk].Dropped);
        Assert.AreEqual(72, counts.Total.Dropped);
        Assert.IsTrue(recording.Messages[^1].ExecutionTrace.Completed);
        Assert.AreEqual(100u, recording.Messages.Last(message => message.TokenChunk is not null).TokenChunk.ChunkIndex);
    }

    [TestMethod]
    public async Task The_bound_in_bytes_holds_too_and_a_loss_throws_where_that_is_wanted()
    {
        await using var recording = await RunFixture.OpenAsync(new() { MaxPendingBytes = 64 * 1024, ThrowOnLoss = true });
        var gate = recording.Block();
        using var run = recording.Runs.Start("t");
        run.State(new string('a', 60 * 1024), options: null);

        var error = Assert.ThrowsExactly<StreamException>(() => run.State(new string('b', 60 * 1024), options: null));
        gate.SetResult(default);
        await recording.FlushAsync();
        run.State(new string('b', 60 * 1024), options: null);
        var counts = await recording.FlushAsync();

        Assert.AreEqual(StreamErrorKind.Throttled, error.Kind);
        Assert.AreEqual(1, counts.Total.Dropped);
        Assert.AreEqual(2, counts.ByKind[MessageType.StateDiff].Stored);
    }

    [TestMethod]
    public async Task A_lost_start_hands_its_own_cause_to_what_comes_under_it()
    {
        await using var recording = await RunFixture.OpenAsync(new() { MaxPendingMessages = 16 });
        var gate = recording.Block();
        using var run = recording.Runs.Start("t");
        for (var i = 0; i < 15; i++)
        {
            run.Edge("a", "b");
        }

        using (run.Node("lost"))
        {
            recording.Provider.Decide = null;
            gate.SetResult(default);
            await recording.FlushAsync();
            run.Edge("c", "d");
        }

        await recording.FlushAsync();

        var edge = recording.Events.Last(told => told.EventType == EventType.EdgeTraversal);
        Assert.AreEqual("d", edge.NodeId);
        Assert.AreEqual(recording.Events[0].Header.MessageId, edge.Header.ParentId);
    }

    [TestMethod]
    public async Task Events_go_out_in_batches_by_count_by_bytes_by_age_and_before_anything_else()
    {
        var time = new ManualTime();
        var options = new DashStreamRunsOptions { MaxBatchEvents = 4, MaxBatchBytes = 2000, MaxBatchAge = TimeSpan.FromMilliseconds(50) };
        await using var recording = await RunFixture.OpenAsync(options, time);
        using var run = recording.Runs.Start("t");
        run.Edge("1", "2");
        run.Edge("2", "3");
        run.Edge("3", "4");
        await Until(() => recording.Stored.Count == 1);
        run.Edge("4", "5");
        run.Event(EventType.MemorySave, "big", ("what", new string('x', 2000)));
        await Until(() => recording.Stored.Count == 2);
        run.Edge("5", "6");
        run.Edge("6", "7");
        await time.AdvanceUntilAsync(() => recording.Stored.Count == 3, TimeSpan.FromMilliseconds(10));
        run.Edge("7", "8");
        run.Metrics("run", "t", ("i", 1));
        await Until(() => recording.Stored.Count == 5);

        CollectionAssert.AreEqual(new[] { 4, 2, 2 }, recording.Stored.Where(message => message.EventBatch is not null).Select(message => message.EventBatch.Events.Count).ToList());
        Assert.IsNotNull(recording.Stored[3].Event);
        CollectionAssert.AreEqual(
            Enumerable.Range(1, 10).Select(number => (ulong)number).ToList(), recording.Messages.Select(message => MessageParts.HeaderOf(message)!.Sequence).ToList());
        Assert.AreEqual(10, recording.Runs.Counts.Total.Stored);
    }

    [TestMethod]
    public async Task Many_runs_side_by_side_share_the_queue_and_keep_their_own_order()
    {
        await using var recording = await RunFixture.OpenAsync(new() { MaxBatchEvents = 8, MaxPendingMessages = 100_000 });

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(async () =>
        {
            using var run = recording.Runs.Start($"run-{i}");
            for (var step = 0; step < 20; step++)
            {
                using (run.Node($"node-{step}"))
                {
                    await Task.Yield();
                    run.State(new { step, i }, options: null);
                }
            }

            run.Complete();
        })));
        var counts = await recording.FlushAsync();

        Assert.AreEqual(0, counts.Total.Dropped + counts.Total.Failed + counts.Total.Pending);
        Assert.AreEqual(50 * (20 * 3 + 3), counts.Total.Stored);
        foreach (var thread in recording.Messages.GroupBy(message => MessageParts.HeaderOf(message)!.ThreadId))
        {
            var numbers = thread.Where(message => message.ExecutionTrace is null).Select(message => MessageParts.HeaderOf(message)!.Sequence).ToList();
            CollectionAssert.AreEqual(Enumerable.Range(1, 62).Select(number => (ulong)number).ToList(), numbers, thread.Key);
            Assert.HasCount(20, thread.Single(message => message.ExecutionTrace is not null).ExecutionTrace.NodesExecuted);
        }
    }

    [TestMethod]
    public async Task Flush_and_stop_are_bounded_and_say_what_is_left()
    {
        await using var recording = await RunFixture.OpenAsync();
        var gate = recording.Block();
        var run = recording.Runs.Start("t");

        var flushed = await recording.Runs.FlushAsync(TimeSpan.FromMilliseconds(50));
        var stopped = await recording.Runs.StopAsync(TimeSpan.FromMilliseconds(50));
        var again = await recording.Runs.StopAsync(TimeSpan.FromSeconds(5));
        run.Edge("too", "late");
        recording.Runs.Start("later").Complete();

        Assert.AreEqual(1, flushed.Total.Pending);
        Assert.AreEqual(3, stopped.Total.Pending);
        Assert.AreSame(stopped, again);
        Assert.AreEqual(4, recording.Runs.Counts.Total.Dropped);
        gate.SetResult(default);
    }

    [TestMethod]
    public async Task A_stop_ends_open_runs_as_aborted()
    {
        await using var recording = await RunFixture.OpenAsync();
        recording.Runs.Start("open");

        var counts = await recording.Runs.StopAsync(RunFixture.Patience);

        Assert.IsTrue(recording.Events[^1].Attributes["aborted"].BoolValue);
        Assert.AreEqual(0, counts.Total.Pending);
        Assert.AreEqual(3, counts.Total.Stored);
    }

    [TestMethod]
    public async Task A_producer_that_opens_late_gets_what_waited()
    {
        var attempts = 0;
        await using var provider = new MemoryProvider();
        await using var services = new ServiceCollection()
            .AddDashStream().UseProvider(_ => new LateProvider(provider, () => ++attempts < 3)).AddRuns("runs", options => options.MaxBatchEvents = 2).Services
            .BuildServiceProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec("runs", 1));
        var runs = services.GetRequiredService<DashStreamRuns>();

        runs.Start("t").Complete();
        var counts = await runs.FlushAsync(RunFixture.Patience);

        Assert.AreEqual(3, counts.Total.Stored);
        Assert.AreEqual(3, attempts);
        Assert.IsNotNull(counts.LastError);
    }

    [TestMethod]
    public async Task What_was_never_used_opens_nothing_when_it_is_stopped()
    {
        var opened = 0;
        await using var provider = new MemoryProvider();
        await using (var services = new ServiceCollection()
            .AddDashStream().UseProvider(_ => new LateProvider(provider, () => ++opened < 0)).AddRuns("runs").Services
            .BuildServiceProvider())
        {
            await services.GetRequiredService<DashStreamRuns>().FlushAsync(RunFixture.Patience);
        }

        Assert.AreEqual(0, opened);
    }

    [TestMethod]
    public async Task Losses_are_measured_by_kind_and_reason()
    {
        var measured = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, it) =>
            {
                if (instrument.Name.StartsWith("dashstream_telemetry_", StringComparison.Ordinal))
                {
                    it.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var labels = string.Join(",", tags.ToArray().Select(tag => tag.Value));
            measured.AddOrUpdate($"{instrument.Name} {labels}", value, (_, sum) => sum + value);
        });
        listener.Start();

        await using var recording = await RunFixture.OpenAsync(new() { MaxPendingMessages = 16 });
        var gate = recording.Block();
        using var run = recording.Runs.Start("t");
        for (var i = 0; i < 20; i++)
        {
            run.Metrics("run", "t", ("i", i));
        }

        gate.SetException(new StreamException(StreamErrorKind.Transient, "gone"));
        await recording.FlushAsync();

        // Other tests record at the same time, so there may be more.
        Assert.IsGreaterThanOrEqualTo(9, measured["dashstream_telemetry_dropped_total metrics,capacity_limit"]);
        Assert.IsGreaterThanOrEqualTo(11, measured["dashstream_telemetry_send_failures_total metrics"]);
        Assert.IsTrue(measured.ContainsKey("dashstream_telemetry_queue_depth "));
    }

    [TestMethod]
    public void Options_out_of_range_are_named_when_the_recording_is_made()
    {
        var options = new DashStreamRunsOptions { MaxPendingMessages = 1, MaxPendingBytes = 1, MaxBatchEvents = 0, MaxBatchAge = TimeSpan.Zero, DropPolicy = (RunDropPolicy)9 };

        Assert.HasCount(5, options.Faults());
    }

    private static async Task Until(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(RunFixture.Patience);
        while (!condition())
        {
            await Task.Delay(1, limit.Token);
        }
    }

    private sealed class LateProvider(IStreamProvider inner, Func<bool> fails) : IStreamProvider
    {
        public string Name => inner.Name;

        public ProviderCapabilities Capabilities => inner.Capabilities;

        public IStreamAdmin Admin => inner.Admin;

        public ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) =>
            fails() ? throw new StreamException(StreamErrorKind.Transient, "not yet") : inner.OpenProducerAsync(topic, cancellationToken);

        public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
            inner.OpenConsumerAsync(topic, options, cancellationToken);

        public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => inner.CheckHealthAsync(cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
