using System.Security.Cryptography;
using System.Text;
using DashStream.Protocol;
using DashStream.State;
using DashStream.Tests.Client;

namespace DashStream.Tests.Runs;

[TestClass]
public sealed class RunStateTests
{
    private static readonly string Padding = new('x', 500);

    [TestMethod]
    public async Task States_go_out_as_patches_with_hashes_and_an_equal_state_not_at_all()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var run = recording.Runs.Start("t");

        run.State(Encoding.UTF8.GetBytes(State(1)));
        run.State(Encoding.UTF8.GetBytes(State(1)));
        run.State(Encoding.UTF8.GetBytes(State(2)));
        run.State(new { n = 3, padding = Padding }, options: null);
        var counts = await recording.FlushAsync();

        var diffs = Diffs(recording);
        Assert.HasCount(3, diffs);
        Assert.IsFalse(diffs[0].FullState.IsEmpty);
        Assert.AreEqual("/n", diffs[1].Operations.Single().Path);
        Assert.AreEqual(State(3), Encoding.UTF8.GetString(Replay(diffs)));
        Assert.AreEqual(1, counts.Total.Unchanged);
        Assert.AreEqual(4, counts.ByKind[MessageType.StateDiff].Recorded);
    }

    [TestMethod]
    public async Task The_whole_state_goes_out_every_so_many_changes_and_after_so_many_bytes()
    {
        await using var byCount = await RunFixture.OpenAsync(new() { FullStateEvery = 3 });
        await using var byBytes = await RunFixture.OpenAsync(new() { FullStateEvery = 0, FullStateAfterPatchBytes = 200 });
        foreach (var recording in new[] { byCount, byBytes })
        {
            using var run = recording.Runs.Start("t");
            for (var i = 0; i < 7; i++)
            {
                run.State(Encoding.UTF8.GetBytes(State(i)));
            }

            run.Complete();
            await recording.FlushAsync();
        }

        CollectionAssert.AreEqual(new[] { 0, 3, 6 }, Diffs(byCount).Index().Where(diff => !diff.Item.FullState.IsEmpty).Select(diff => diff.Index).ToList());
        Assert.IsGreaterThan(1, Diffs(byBytes).Count(diff => !diff.FullState.IsEmpty));
        Assert.AreEqual(State(6), Encoding.UTF8.GetString(Replay(Diffs(byCount))));
        Assert.AreEqual(State(6), Encoding.UTF8.GetString(Replay(Diffs(byBytes))));
    }

    [TestMethod]
    public async Task A_state_dropped_for_want_of_room_leaves_no_hole_in_the_chain()
    {
        await using var recording = await RunFixture.OpenAsync(new() { MaxPendingMessages = 16 });
        using var run = recording.Runs.Start("t");
        run.State(Encoding.UTF8.GetBytes(State(0)));
        await recording.FlushAsync();

        var gate = recording.Block();
        for (var i = 1; i <= 40; i++)
        {
            run.State(Encoding.UTF8.GetBytes(State(i)));
        }

        recording.Provider.Decide = null;
        gate.SetResult(default);
        await recording.FlushAsync();
        run.State(Encoding.UTF8.GetBytes(State(99)));
        var counts = await recording.FlushAsync();

        Assert.AreEqual(24, counts.ByKind[MessageType.StateDiff].Dropped);
        Assert.AreEqual(18, counts.ByKind[MessageType.StateDiff].Stored);
        Assert.AreEqual(State(99), Encoding.UTF8.GetString(Replay(Diffs(recording))));
        AssertNumbersHaveNoGap(recording);
    }

    [TestMethod]
    public async Task After_a_state_message_failed_on_its_way_the_whole_state_is_sent_again()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var run = recording.Runs.Start("t");
        run.State(Encoding.UTF8.GetBytes(State(0)));
        await recording.FlushAsync();

        var gate = recording.Block();
        run.State(Encoding.UTF8.GetBytes(State(1)));
        await Until(() => recording.Provider.Records.Count == 3);
        recording.Provider.Decide = null;
        gate.SetException(new StreamException(StreamErrorKind.Transient, "gone"));
        await Until(() => Diffs(recording).Count == 3);
        var counts = await recording.FlushAsync();

        var again = Diffs(recording)[2];
        Assert.AreEqual(State(1), again.FullState.ToStringUtf8());
        Assert.AreEqual(1, counts.ByKind[MessageType.StateDiff].Failed);
        Assert.AreEqual(0, counts.Total.Pending);
    }

    [TestMethod]
    public async Task A_state_refused_at_once_is_not_what_the_next_patch_leads_on_from()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var run = recording.Runs.Start("t");
        run.State(Encoding.UTF8.GetBytes(State(0)));
        await recording.FlushAsync();

        recording.Provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.TooLarge, "too large"));
        run.State(Encoding.UTF8.GetBytes(State(1)));
        run.State("{broken"u8);
        await recording.FlushAsync();
        recording.Provider.Decide = null;
        run.State(Encoding.UTF8.GetBytes(State(2)));
        var counts = await recording.FlushAsync();

        Assert.AreEqual(State(2), Encoding.UTF8.GetString(Replay(Diffs(recording))));
        Assert.AreEqual(2, counts.ByKind[MessageType.StateDiff].Failed);
        AssertNumbersHaveNoGap(recording);
    }

    [TestMethod]
    public async Task A_checkpoint_is_named_by_patches_only_once_it_is_stored()
    {
        await using var recording = await RunFixture.OpenAsync(new() { CheckpointEvery = 2 });
        using var run = recording.Runs.Start("t");
        for (var i = 0; i < 2; i++)
        {
            run.State(Encoding.UTF8.GetBytes(State(i)));
        }

        await recording.FlushAsync();
        recording.Provider.Decide = record => new MessageCodec().Decode(record.Value!.Value).Checkpoint is null
            ? null
            : Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.TooLarge, "no"));
        for (var i = 2; i < 5; i++)
        {
            run.State(Encoding.UTF8.GetBytes(State(i)));
        }

        var counts = await recording.FlushAsync();

        var checkpoint = recording.Messages.Single(message => message.Checkpoint is not null).Checkpoint;
        Assert.AreEqual(State(1), checkpoint.State.ToStringUtf8());
        CollectionAssert.AreEqual(SHA256.HashData(checkpoint.State.Span), checkpoint.Checksum.ToByteArray());
        Assert.IsTrue(Diffs(recording).Take(2).All(diff => diff.BaseCheckpointId.IsEmpty));
        Assert.IsTrue(Diffs(recording).Skip(2).All(diff => diff.BaseCheckpointId == checkpoint.CheckpointId));
        Assert.AreEqual(1, counts.ByKind[MessageType.Checkpoint].Failed);
        Assert.AreEqual(1, counts.ByKind[MessageType.Checkpoint].Stored);
    }

    [TestMethod]
    public async Task Whatever_fails_on_the_way_a_reader_ends_with_the_last_state_and_the_books_balance()
    {
        for (var seed = 1; seed <= 100; seed++)
        {
            await using var recording = await RunFixture.OpenAsync(new() { MaxPendingMessages = 24, CheckpointEvery = 3, FullStateEvery = 0, MaxBatchEvents = 1 + (seed % 4) });
            var lost = FailBySeed(recording.Provider, seed);
            using var run = recording.Runs.Start("t");
            for (var i = 0; i < 60; i++)
            {
                run.State(Encoding.UTF8.GetBytes(State(i)));
                run.Edge("a", "b");
                if (i % 7 == 0)
                {
                    await Task.Yield();
                }
            }

            // The second flush stands behind what the failures before the first made the worker send again.
            await recording.FlushAsync();
            await recording.FlushAsync();
            recording.Provider.Decide = null;
            run.State(Encoding.UTF8.GetBytes(State(1000)));
            run.Complete();
            var counts = await recording.FlushAsync();

            var arrived = recording.Stored.Where((_, i) => !lost.Contains(i)).ToList();
            Assert.AreEqual(State(1000), Follow(arrived), $"seed {seed}");
            Assert.AreEqual(counts.Total.Recorded, counts.Total.Stored + counts.Total.Unchanged + counts.Total.Dropped + counts.Total.Failed, $"seed {seed}");
            var checkpoints = recording.Stored.Select(message => message.Checkpoint?.CheckpointId).ToHashSet();
            Assert.IsTrue(Diffs(recording).All(diff => diff.BaseCheckpointId.IsEmpty || checkpoints.Contains(diff.BaseCheckpointId)), $"seed {seed}");
        }
    }

    [TestMethod]
    public async Task A_filter_changes_states_before_they_are_compared_and_hashed_and_may_fail()
    {
        await using var recording = await RunFixture.OpenAsync(new DashStreamRunsOptions { StateFilter = RemoveSecrets });
        using var run = recording.Runs.Start("t");

        run.State("""{"key":"secret"}"""u8);
        run.State("""{"key":"fail"}"""u8);
        run.State(System.Text.Json.Nodes.JsonNode.Parse("""{"key":"secret","n":1}"""));
        var counts = await recording.FlushAsync();

        Assert.AreEqual("""{"key":"[gone]","n":1}""", Encoding.UTF8.GetString(Replay(Diffs(recording))));
        Assert.AreEqual(1, counts.ByKind[MessageType.StateDiff].Failed);
    }

    [TestMethod]
    public async Task A_filter_changes_the_final_state_in_the_trace_too_and_one_that_fails_leaves_it_out()
    {
        await using var recording = await RunFixture.OpenAsync(new DashStreamRunsOptions { StateFilter = RemoveSecrets });

        foreach (var state in new[] { """{"key":"secret"}""", """{"key":"secret","then":"fail"}""" })
        {
            using var run = recording.Runs.Start("t");
            run.State(Encoding.UTF8.GetBytes(state));
            run.Complete();
        }

        await recording.FlushAsync();

        var traces = recording.Messages.Where(message => message.ExecutionTrace is not null).Select(message => message.ExecutionTrace).ToList();
        Assert.HasCount(2, traces);
        Assert.AreEqual("""{"key":"[gone]"}""", traces[0].FinalState.ToStringUtf8());
        Assert.AreEqual("", traces[1].FinalState.ToStringUtf8());
        Assert.AreEqual("filter_failed", traces[1].Metadata["final_state_left_out"].ToStringUtf8());
    }

    private static ReadOnlyMemory<byte> RemoveSecrets(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span) is var text && text.Contains("fail", StringComparison.Ordinal)
        ? throw new InvalidOperationException("filter")
        : Encoding.UTF8.GetBytes(text.Replace("secret", "[gone]", StringComparison.Ordinal));

    private static string State(int n) => $$"""{"n":{{n}},"padding":"{{Padding}}"}""";

    private static List<StateDiff> Diffs(RunFixture recording) => [.. recording.Messages.Where(message => message.StateDiff is not null).Select(message => message.StateDiff)];

    // Applying checks the hash of every step.
    private static byte[] Replay(IEnumerable<StateDiff> diffs) => diffs.Aggregate("null"u8.ToArray(), (state, diff) => diff.ApplyTo(state));

    // A reader that has lost its way waits for a whole state.
    private static string Follow(IEnumerable<DashStreamMessage> messages)
    {
        byte[]? state = null;
        foreach (var diff in messages.Where(message => message.StateDiff is not null).Select(message => message.StateDiff))
        {
            try
            {
                state = state is null && diff.FullState.IsEmpty ? null : diff.ApplyTo(state ?? "null"u8.ToArray());
            }
            catch (StreamException)
            {
                state = null;
            }
        }

        return Encoding.UTF8.GetString(state ?? []);
    }

    /// <summary>Refuses, fails (stored or not) and delays sends. Gives the indexes of those that were not stored.</summary>
    private static HashSet<int> FailBySeed(RecordingProvider provider, int seed)
    {
        var random = new Random(seed);
        var lost = new HashSet<int>();
        provider.Decide = _ =>
        {
            switch (random.Next(8))
            {
                case 0:
                    return Task.FromException<StreamPosition>(new StreamException(random.Next(2) == 0 ? StreamErrorKind.TooLarge : StreamErrorKind.Transient, "refused"));
                case 1:
                    lost.Add(provider.Records.Count);
                    return FailLaterAsync();
                case 2:
                    return FailLaterAsync();
                case 3:
                    return StoreLaterAsync();
                default:
                    return null;
            }
        };
        return lost;
    }

    private static async Task<StreamPosition> FailLaterAsync()
    {
        await Task.Delay(1);
        throw new StreamException(StreamErrorKind.Transient, "gone");
    }

    private static async Task<StreamPosition> StoreLaterAsync()
    {
        await Task.Delay(1);
        return default;
    }

    private static void AssertNumbersHaveNoGap(RunFixture recording)
    {
        var numbers = recording.Messages.Select(message => MessageParts.HeaderOf(message)!.Sequence).ToList();
        CollectionAssert.AreEqual(Enumerable.Range(1, numbers.Count).Select(number => (ulong)number).ToList(), numbers);
    }

    private static async Task Until(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(RunFixture.Patience);
        while (!condition())
        {
            await Task.Delay(1, limit.Token);
        }
    }
}
