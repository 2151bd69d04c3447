using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using DashStream.Protocol;
using DashStream.Sequencing;
using Google.Protobuf;
using static DashStream.Tests.Client.ScriptedConsumer;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class SequenceGuardTests
{
    private static readonly StreamHeaders FirstProducer = [new StreamHeader("ds-producer", "one")];
    private static readonly StreamHeaders SecondProducer = [new StreamHeader("ds-producer", "two")];

    private readonly ConcurrentQueue<string> _handled = new();

    [TestMethod]
    [DoNotParallelize]
    [DataRow(GapPolicy.Continue)]
    [DataRow(GapPolicy.Warn)]
    public async Task Gaps_repeats_and_late_numbers_are_counted_and_delivered(GapPolicy policy)
    {
        using var counts = new Counts();
        await using var script = await OpenAsync(new() { GapPolicy = policy });
        _ = script.Run(_handled.Enqueue);
        ulong[] numbers = [3, 4, 4, 8, 5, 9];
        foreach (var number in numbers)
        {
            script.Put("a", $"{number}", number);
        }

        await UntilAsync(() => script.HasCommitted(numbers.Length - 1));
        await script.StopAsync();

        Assert.AreEqual("3 4 4 8 5 9", string.Join(' ', _handled));
        Assert.AreEqual("gaps 1, size 3, duplicates 1, reorders 1", counts.ToString());
    }

    [TestMethod]
    public async Task Tenants_threads_and_producers_count_apart()
    {
        await using var script = await OpenAsync(new() { GapPolicy = GapPolicy.HaltThread });
        _ = script.Run(_handled.Enqueue);
        for (var i = 1UL; i <= 3; i++)
        {
            script.Put("a", $"a{i}", i, "red");
            script.Put("a", $"b{i}", i + 10, "blue");
            script.Put("b", $"c{i}", i + 20, "red");
            script.Put("a", $"d{i}", i + 30, "red", headers: FirstProducer);
            script.Put("a", $"e{i}", i + 40, "red", headers: SecondProducer);
        }

        await UntilAsync(() => script.HasCommitted(14));
        Assert.IsEmpty(script.Consumer.Status.HaltedThreads);
        await script.StopAsync();
    }

    [TestMethod]
    public async Task An_identity_that_the_message_id_names_is_the_one_that_the_record_header_names()
    {
        await using var script = await OpenAsync(new() { GapPolicy = GapPolicy.HaltThread });
        _ = script.Run(_handled.Enqueue);
        Lane first = new("a");
        Lane second = new("a");

        script.Put("a", "1 of the first", 1, header: header => header.MessageId = Copy(first));
        script.Put("a", "41 of the second", 41, header: header => header.MessageId = Copy(second));
        script.Put("a", "2 of the first", 2, headers: first.HeadersFor(ByteString.Empty, isNumberedHere: true));
        script.Put("a", "42 of the second", 42, header: header => header.MessageId = Copy(second));
        script.Put("a", "3 of the first", 3, header: header => header.MessageId = Copy(first));

        await UntilAsync(() => script.HasCommitted(4));
        Assert.IsEmpty(script.Consumer.Status.HaltedThreads);

        script.Put("a", "5 of the first", 5, header: header => header.MessageId = Copy(first));
        await UntilAsync(() => script.Consumer.Status.HaltedThreads.Count == 1);
        Assert.AreEqual(4ul, script.Consumer.Status.HaltedThreads[0].Expected);
        await script.StopAsync();

        static ByteString Copy(Lane lane) => ByteString.CopyFrom(lane.NextMessageId().Span);
    }

    [TestMethod]
    public async Task A_gap_halts_its_thread_only_holds_the_commit_and_goes_on_in_order_when_resumed()
    {
        await using var script = await OpenAsync(new() { GapPolicy = GapPolicy.HaltThread });
        _ = script.Run(_handled.Enqueue);
        script.Put("a", "a1", 1, "red");
        script.Put("a", "a5", 5, "red");
        script.Put("a", "a6", 6, "red");
        script.Put("a", "other tenant", 9, "blue");
        script.Put("b", "other thread", 2, "red");

        await UntilAsync(() => _handled.Count == 3 && script.Consumer.Status.HaltedThreads is [{ Waiting: 2 }]);
        await script.Consumer.CommitAsync();
        Assert.AreEqual(new HaltedThread("red", "a", 0, 2, 5, 2), script.Consumer.Status.HaltedThreads.Single());
        Assert.AreEqual(new StreamPosition(0, 0), script.Provider.Commits[^1]);
        Assert.IsFalse(script.Consumer.ResumeThread("blue", "a"));

        Assert.IsTrue(script.Consumer.ResumeThread("red", "a"));
        script.Put("a", "a7", 7, "red");
        await UntilAsync(() => script.HasCommitted(5));
        await script.StopAsync();

        Assert.AreEqual("a1 a5 a6 a7", string.Join(' ', _handled.Where(text => text.StartsWith('a'))));
        Assert.IsFalse(script.Consumer.ResumeThread("red", "a"));
    }

    [TestMethod]
    public async Task A_resumed_thread_halts_again_at_the_next_gap()
    {
        await using var script = await OpenAsync(new() { GapPolicy = GapPolicy.HaltThread });
        _ = script.Run(_handled.Enqueue);
        ulong[] numbers = [1, 5, 6, 9, 10];
        foreach (var number in numbers)
        {
            script.Put("a", $"{number}", number);
        }

        await UntilAsync(() => script.Consumer.Status.HaltedThreads is [{ Waiting: 4 }]);
        Assert.IsTrue(script.Consumer.ResumeThread("", "a"));
        await UntilAsync(() => script.Consumer.Status.HaltedThreads is [{ Expected: 7, Received: 9, Waiting: 2 }]);
        Assert.AreEqual("1 5 6", string.Join(' ', _handled));

        Assert.IsTrue(script.Consumer.ResumeThread("", "a"));
        await UntilAsync(() => script.HasCommitted(4));
        await script.StopAsync();
        Assert.AreEqual("1 5 6 9 10", string.Join(' ', _handled));
    }

    [TestMethod]
    public async Task With_a_place_for_dead_letters_a_halted_thread_goes_there_until_resumed()
    {
        var sink = new ScriptedSink();
        await using var script = await OpenAsync(new() { GapPolicy = GapPolicy.HaltThread, DeadLetters = sink });
        _ = script.Run(_handled.Enqueue);
        script.Put("a", "1", 1);
        script.Put("a", "5", 5);
        script.Put("a", "6", 6);
        await UntilAsync(() => script.HasCommitted(2));
        Assert.AreEqual(0, script.Consumer.Status.HaltedThreads.Single().Waiting);

        Assert.IsTrue(script.Consumer.ResumeThread("", "a"));
        script.Put("a", "7", 7);
        await UntilAsync(() => script.HasCommitted(3));
        await script.StopAsync();

        Assert.AreEqual("1 7", string.Join(' ', _handled));
        Assert.AreEqual("5 6", string.Join(' ', sink.Letters.Select(letter => letter.Message!.TokenChunk.Text)));
        Assert.IsTrue(sink.Letters.All(letter => letter.Attempts == 0), "No handler has seen them.");
        Assert.IsTrue(sink.Letters.All(letter => letter.Error.Message.Contains("number 2 was expected and 5 came (gap size: 3)", StringComparison.Ordinal)));
    }

    [TestMethod]
    public async Task A_revoke_drops_what_is_held_and_the_next_assignment_expects_nothing()
    {
        await using var script = await OpenAsync(new() { GapPolicy = GapPolicy.HaltThread });
        _ = script.Run(_handled.Enqueue);
        script.Put("a", "1", 1);
        script.Put("a", "5", 5);
        await UntilAsync(() => script.Consumer.Status.HaltedThreads.Count == 1);

        await script.Provider.RevokeAsync(0);
        Assert.AreEqual(0, script.Consumer.Status.InFlight);
        Assert.IsEmpty(script.Consumer.Status.HaltedThreads);
        await script.Provider.AssignAsync(0);
        script.Put("a", "9", 9);
        await UntilAsync(() => script.HasCommitted(2));
        await script.StopAsync();

        Assert.AreEqual("1 9", string.Join(' ', _handled));
    }

    [TestMethod]
    public async Task Events_inside_a_batch_count_for_their_threads()
    {
        await using var script = await OpenAsync(new() { GapPolicy = GapPolicy.HaltThread });
        _ = script.Run((_, _) =>
        {
            _handled.Enqueue("batch");
            return ValueTask.CompletedTask;
        });
        script.Put("a", Batch(("a", 1), ("b", 1)));
        script.Put("a", Batch(("a", 2), ("b", 3)));
        await UntilAsync(() => script.Consumer.Status.HaltedThreads is [{ ThreadId: "b", Expected: 2, Received: 3, Waiting: 1 }]);
        Assert.HasCount(1, _handled);

        Assert.IsTrue(script.Consumer.ResumeThread("", "b"));
        script.Put("a", Batch(("a", 3), ("b", 4)));
        await UntilAsync(() => script.HasCommitted(2));
        await script.StopAsync();
    }

    [TestMethod]
    public async Task In_the_pull_style_a_halted_thread_is_kept_back_until_resumed()
    {
        await using var script = await OpenAsync(new() { GapPolicy = GapPolicy.HaltThread });
        script.Put("a", "a1", 1);
        script.Put("a", "a5", 5);
        script.Put("a", "a6", 6);
        script.Put("b", "b1", 1);
        await foreach (var message in script.Consumer.ReadAllAsync())
        {
            var text = message.Message.TokenChunk.Text;
            _handled.Enqueue(text);
            message.Done();
            if (text == "b1")
            {
                Assert.IsTrue(script.Consumer.ResumeThread("", "a"));
            }

            if (text == "a6")
            {
                break;
            }
        }

        Assert.AreEqual("a1 b1 a5 a6", string.Join(' ', _handled));
        await script.StopAsync();
    }

    [TestMethod]
    public async Task When_more_threads_are_halted_than_are_remembered_the_oldest_halt_is_forgotten_and_no_other()
    {
        var sink = new KeptLetters();
        await using var script = await OpenAsync(new() { GapPolicy = GapPolicy.HaltThread, DeadLetters = sink, MaxTrackedThreads = 4 });
        _ = script.Run(_handled.Enqueue);
        foreach (var thread in new[] { "a", "b", "c", "d", "e" })
        {
            script.Put(thread, $"{thread}1", 1);
            script.Put(thread, $"{thread}3", 3);
            await UntilAsync(() => script.Consumer.Status.HaltedThreads.Any(halted => halted.ThreadId == thread));
        }

        CollectionAssert.AreEqual(
            new[] { "b", "c", "d", "e" }, script.Consumer.Status.HaltedThreads.Select(static halted => halted.ThreadId).Order(StringComparer.Ordinal).ToArray());
        await script.StopAsync();
    }

    private static DashStreamMessage Batch(params (string Thread, ulong Number)[] events)
    {
        var batch = new EventBatch { Header = new() { ThreadId = "a" } };
        batch.Events.AddRange(events.Select(inner => new Event { Header = new() { ThreadId = inner.Thread, Sequence = inner.Number } }));
        return batch;
    }

    private sealed class Counts : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _sums = new();

        public Counts()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name.StartsWith("dashstream_sequence", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => _sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
            _listener.Start();
        }

        public void Dispose() => _listener.Dispose();

        public override string ToString() =>
            $"gaps {Of("gaps_total")}, size {Of("gap_size")}, duplicates {Of("duplicates_total")}, reorders {Of("reorders_total")}";

        private long Of(string name) => _sums.GetValueOrDefault($"dashstream_sequence_{name}");
    }
}
