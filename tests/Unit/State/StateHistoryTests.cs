using System.Globalization;
using DashStream.Protocol;
using DashStream.Providers;
using DashStream.State;
using Google.Protobuf;

namespace DashStream.Tests.State;

[TestClass]
public sealed class StateHistoryTests
{
    private const string Topic = "runs";

    private static readonly string Padding = new('x', 400);

    private static readonly StateOptions OwnPatch = new() { FullStateRule = FullStateRule.OwnPatch };

    private readonly MessageCodec _codec = new();
    private readonly MemoryProvider _provider = new();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancelled => TestContext.CancellationToken;

    [TestInitialize]
    public async Task MakeTopicAsync() => await _provider.Admin.CreateTopicAsync(new TopicSpec(Topic), Cancelled);

    [TestCleanup]
    public async Task CloseAsync() => await _provider.DisposeAsync();

    [TestMethod]
    public async Task The_state_at_every_number_position_and_time_is_the_one_that_was_true_then()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            var topic = $"seed-{seed}";
            await _provider.Admin.CreateTopicAsync(new TopicSpec(topic, 3), Cancelled);
            var thread = ReplicaThread.Random(seed, steps: 40, hashes: seed % 3 > 0);
            var positions = await SendAsync(thread.Messages, topic);
            var history = new StateHistory(_provider, topic);
            foreach (var (i, message) in thread.Messages.Index())
            {
                var number = MessageParts.HeaderOf(message)!.Sequence;
                if (thread.Truth.Keys.Where(key => key <= number).DefaultIfEmpty(0UL).Max() is not (> 0 and var last))
                {
                    continue;
                }

                StatePoint[] points = [StatePoint.AtSequence(number), StatePoint.AtPosition(positions[i]), StatePoint.AtTime(1_000_000 + (long)number)];
                foreach (var point in points)
                {
                    var found = await history.GetAsync(ReplicaThread.Id, point, cancellationToken: Cancelled);
                    Assert.AreEqual(thread.Truth[last], found.Moment.Hash, $"seed {seed}, {point}");
                    Assert.AreEqual(found.Moment.Hash, StateHash.Of(found.Moment.State));
                    Assert.IsEmpty(found.Bad);
                }
            }
        }
    }

    [TestMethod]
    public async Task A_late_state_is_found_without_reading_from_the_beginning()
    {
        await SendAsync(Numbers("other", 20_000, wholeEvery: 1000));
        var thread = Numbers("t", 300, wholeEvery: 100);
        await SendAsync(thread);
        await SendAsync(Numbers("other", 500, wholeEvery: 1000));

        var latest = await new StateHistory(_provider, Topic).GetAsync("t", StatePoint.Latest, cancellationToken: Cancelled);
        var early = await new StateHistory(_provider, Topic).GetAsync("t", StatePoint.AtSequence(42), cancellationToken: Cancelled);

        Assert.AreEqual(State(299), latest.Moment.State.ToArray().Text());
        Assert.AreEqual(State(41), early.Moment.State.ToArray().Text());
        Assert.IsLessThan(4000L, latest.RecordsRead);
        Assert.IsLessThan(8000L, early.RecordsRead);
    }

    [TestMethod]
    public async Task A_stored_checkpoint_shortens_the_way_only_where_the_log_bears_it_out()
    {
        var positions = await SendAsync(Numbers("t", 3000, wholeEvery: 100_000));
        var store = new MemoryCheckpointStore();
        var checkpoints = new StateCheckpoints(store);
        var plain = new StateHistory(_provider, Topic);
        var moment = (await plain.GetAsync("t", StatePoint.AtSequence(2900), cancellationToken: Cancelled)).Moment;
        var history = new StateHistory(_provider, Topic, checkpoints: checkpoints);

        await checkpoints.SaveAsync(moment, cancellationToken: Cancelled);
        var found = await history.GetAsync("t", StatePoint.Latest, "", Cancelled);
        var before = await history.GetAsync("t", StatePoint.AtSequence(2899), "", Cancelled);
        await checkpoints.SaveAsync(moment with { Position = positions[2950] }, cancellationToken: Cancelled);
        var foreign = await history.GetAsync("t", StatePoint.Latest, "", Cancelled);

        Assert.AreEqual(State(2999), found.Moment.State.ToArray().Text());
        Assert.IsLessThan(400L, found.RecordsRead);
        Assert.AreEqual(State(2898), before.Moment.State.ToArray().Text());
        Assert.AreEqual(State(2999), foreign.Moment.State.ToArray().Text());
        Assert.IsGreaterThan(3000L, foreign.RecordsRead);
    }

    [TestMethod]
    public async Task Damaged_states_are_named_and_gone_around()
    {
        var thread = Numbers("t", 30, wholeEvery: 10);
        thread[20].StateDiff.FullState = ByteString.CopyFromUtf8("{\"n\":[]}");
        thread.Add(new Checkpoint { Header = new Header { ThreadId = "t", Sequence = 31 }, State = ByteString.CopyFromUtf8("1"), Checksum = ByteString.CopyFrom(new byte[32]) });
        var positions = await SendAsync(thread);
        var history = new StateHistory(_provider, Topic);

        var unknown = await Assert.ThrowsExactlyAsync<StateUnknownException>(() => history.GetAsync("t", StatePoint.AtSequence(25), cancellationToken: Cancelled).AsTask());
        var early = await history.GetAsync("t", StatePoint.AtSequence(20), cancellationToken: Cancelled);
        thread.Add(Whole("t", 32, 31));
        await SendAsync(thread[^1..]);
        var late = await history.GetAsync("t", StatePoint.Latest, cancellationToken: Cancelled);
        var steps = await history.ReadAsync("t", cancellationToken: Cancelled).ToListAsync(Cancelled);

        Assert.AreEqual(20UL, unknown.LastKnown!.Sequence);
        Assert.AreEqual(State(19), early.Moment.State.ToArray().Text());
        Assert.AreEqual(State(31), late.Moment.State.ToArray().Text());
        CollectionAssert.AreEqual(Enumerable.Range(20, 10).Select(i => positions[i]).ToList(), steps.Where(step => step.Moment is null).Select(step => step.Position).ToList());
        Assert.IsInstanceOfType<StateHashMismatchException>(steps.First(step => step.Moment is null).Problem);
    }

    [TestMethod]
    public async Task A_trimmed_log_tells_what_it_can_and_what_it_cannot()
    {
        var positions = await SendAsync(Numbers("t", 30, wholeEvery: 10));
        await _provider.Admin.TrimAsync(Topic, positions[5], Cancelled);
        var history = new StateHistory(_provider, Topic);

        await Assert.ThrowsExactlyAsync<StateUnknownException>(() => history.GetAsync("t", StatePoint.AtSequence(8), cancellationToken: Cancelled).AsTask());
        Assert.AreEqual(State(12), (await history.GetAsync("t", StatePoint.AtSequence(13), cancellationToken: Cancelled)).Moment.State.ToArray().Text());
        var gone = await Assert.ThrowsExactlyAsync<StreamException>(() => history.GetAsync("t", StatePoint.AtPosition(positions[2]), cancellationToken: Cancelled).AsTask());
        Assert.AreEqual(StreamErrorKind.OutOfRange, gone.Kind);
    }

    [TestMethod]
    public async Task What_is_not_there_is_not_found()
    {
        await SendAsync([new Event { Header = new Header { ThreadId = "t", Sequence = 1 }, EventType = EventType.GraphStart }]);
        var history = new StateHistory(_provider, Topic);

        foreach (var (found, text) in new[]
        {
            (history.GetAsync("nobody", StatePoint.Latest, cancellationToken: Cancelled).AsTask(), "nothing of thread 'nobody'"),
            (history.GetAsync("t", StatePoint.Latest, cancellationToken: Cancelled).AsTask(), "no state"),
            (history.GetAsync("t", StatePoint.Latest, "other", Cancelled).AsTask(), "nothing of thread"),
            (new StateHistory(_provider, "none").GetAsync("t", StatePoint.Latest, cancellationToken: Cancelled).AsTask(), "no topic 'none'"),
        })
        {
            var error = await Assert.ThrowsExactlyAsync<StreamException>(() => found);
            Assert.AreEqual(StreamErrorKind.NotFound, error.Kind);
            Assert.Contains(text, error.Message);
        }
    }

    [TestMethod]
    public async Task A_restarted_sender_and_a_second_tenant_are_kept_apart()
    {
        await SendAsync(Numbers("t", 5), producer: "a");
        await SendAsync(Numbers("t", 3, from: 100), producer: "b");
        var stranger = Numbers("t", 1, from: 500);
        stranger[0].StateDiff.Header.TenantId = "other";
        await SendAsync(stranger);
        var history = new StateHistory(_provider, Topic);

        Assert.AreEqual(State(102), (await history.GetAsync("t", StatePoint.Latest, "", Cancelled)).Moment.State.ToArray().Text());
        Assert.AreEqual(State(101), (await history.GetAsync("t", StatePoint.AtSequence(2), "", Cancelled)).Moment.State.ToArray().Text());
        Assert.AreEqual(State(500), (await history.GetAsync("t", StatePoint.Latest, "other", Cancelled)).Moment.State.ToArray().Text());
        Assert.HasCount(8, await history.ReadAsync("t", "", Cancelled).ToListAsync(Cancelled));
    }

    [TestMethod]
    public async Task Two_threads_part_at_their_first_different_state()
    {
        await SendAsync(Numbers("a", 20));
        await SendAsync(Numbers("same", 20, wholeEvery: 3));
        await SendAsync([.. Numbers("b", 12), .. Numbers("b", 1, from: 50, firstNumber: 13)]);
        await SendAsync(Numbers("short", 7));
        var history = new StateHistory(_provider, Topic);

        Assert.IsNull(await history.CompareAsync("a", history, "same", cancellationToken: Cancelled));
        var parted = await history.CompareAsync("a", history, "b", cancellationToken: Cancelled);
        var ended = await history.CompareAsync("a", history, "short", cancellationToken: Cancelled);

        Assert.AreEqual(13, parted!.Step);
        Assert.AreEqual(parted.Right!.Hash, StateHash.Of(parted.Patch!.ApplyTo(parted.Left!.State)));
        Assert.AreEqual((8, null, null), (ended!.Step, ended.Right, ended.Patch));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Watching_tells_the_state_that_is_there_and_each_that_comes()
    {
        var thread = Numbers("t", 10);
        await SendAsync(thread[..4]);
        await using var steps = new StateHistory(_provider, Topic).WatchAsync("t", cancellationToken: Cancelled).GetAsyncEnumerator(Cancelled);
        var seen = new List<ulong>();

        await steps.MoveNextAsync();
        seen.Add(steps.Current.Sequence);
        await SendAsync(thread[4..]);
        while (seen[^1] < 10)
        {
            await steps.MoveNextAsync();
            seen.Add(steps.Current.Moment!.Sequence);
        }

        CollectionAssert.AreEqual(new ulong[] { 4, 5, 6, 7, 8, 9, 10 }, seen);
    }

    [TestMethod]
    public async Task A_state_stored_by_reference_is_a_place_to_begin()
    {
        var checkpoints = new StateCheckpoints(new MemoryCheckpointStore(), new() { MaxInlineBytes = 10 });
        var thread = Numbers("t", 10);
        var moment = new StateMoment { ThreadId = "t", State = State(4).Utf8(), Hash = State(4).Hash(), Sequence = 5 };
        var reference = checkpoints.ToMessage(await checkpoints.SaveAsync(moment, cancellationToken: Cancelled));
        reference.Header.Sequence = 5;
        var patches = thread[5..];
        await SendAsync([reference, .. patches]);

        await Assert.ThrowsExactlyAsync<StateUnknownException>(() => new StateHistory(_provider, Topic).GetAsync("t", StatePoint.Latest, cancellationToken: Cancelled).AsTask());
        var found = await new StateHistory(_provider, Topic, checkpoints: checkpoints).GetAsync("t", StatePoint.Latest, cancellationToken: Cancelled);

        Assert.AreEqual(State(9), found.Moment.State.ToArray().Text());
    }

    private static List<DashStreamMessage> Numbers(string thread, int count, int wholeEvery = int.MaxValue, int from = 0, int firstNumber = 1)
    {
        var messages = new List<DashStreamMessage>();
        for (var i = 0; i < count; i++)
        {
            var number = (ulong)(firstNumber + i);
            if (i == 0 || i % wholeEvery == 0)
            {
                messages.Add(Whole(thread, number, from + i));
                continue;
            }

            var after = State(from + i).Utf8();
            messages.Add(StateDiffer.Compare(State(from + i - 1).Utf8(), after, OwnPatch).ToMessage(after, new Header { ThreadId = thread, Sequence = number }));
        }

        return messages;
    }

    private static StateDiff Whole(string thread, ulong number, int n) => new()
    {
        Header = new Header { ThreadId = thread, Sequence = number },
        FullState = ByteString.CopyFromUtf8(State(n)),
        StateHash = ByteString.CopyFrom(State(n).Hash().ToArray()),
    };

    // Each state leads on from the one before only.
    private static string State(int n) => $$"""{"n":[{{string.Join(',', Enumerable.Range(Math.Max(0, n - 40), Math.Min(n, 40) + 1))}}],"at":{{n}},"padding":"{{Padding}}"}""";

    private async Task<IReadOnlyList<StreamPosition>> SendAsync(IReadOnlyList<DashStreamMessage> messages, string topic = Topic, string? producer = null)
    {
        await using var sender = await _provider.OpenProducerAsync(topic, Cancelled);
        var headers = producer is null ? StreamHeaders.Empty : [new StreamHeader("ds-producer", producer)];
        var results = await sender.SendBatchAsync(
            [.. messages.Select(message => new StreamRecord(MessageParts.HeaderOf(message)!.ThreadId.Utf8(), Encode(message), headers, MessageParts.HeaderOf(message)!.TimestampUs))], Cancelled);
        return [.. results.Select(result => result.Position)];
    }

    private byte[] Encode(DashStreamMessage message)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        _codec.Encode(message, output);
        return output.WrittenSpan.ToArray();
    }
}
