using DashStream.Protocol;
using DashStream.State;
using DashStream.Tests.Telemetry;
using Google.Protobuf;

namespace DashStream.Tests.State;

[TestClass]
public sealed class StateReplicaTests
{
    private static readonly string Padding = new('x', 300);

    [TestMethod]
    public void A_thread_in_order_is_followed_to_its_end()
    {
        var thread = ReplicaThread.Random(seed: 1, steps: 200);
        var replica = new StateReplica(ReplicaThread.Id);

        foreach (var message in thread.Messages)
        {
            replica.Offer(message);
        }

        Assert.AreEqual(StateReplicaStatus.InSync, replica.Status);
        Assert.AreEqual(thread.Truth[thread.LastStateNumber], replica.Moment!.Hash);
        Assert.AreEqual(replica.Moment.Hash, StateHash.Of(replica.Moment.State));
    }

    [TestMethod]
    public void After_any_loss_duplication_and_reorder_the_state_is_true_or_the_replica_says_that_it_waits()
    {
        for (var seed = 0; seed < 2500; seed++)
        {
            Check(seed, hashes: true, withPositions: false);
        }
    }

    [TestMethod]
    public void Without_hashes_the_numbers_alone_keep_a_patch_from_a_wrong_state()
    {
        for (var seed = 0; seed < 1500; seed++)
        {
            Check(seed, hashes: false, withPositions: false);
        }
    }

    [TestMethod]
    public void By_positions_too_a_replica_is_never_wrong()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            Check(seed, hashes: seed % 2 == 0, withPositions: true);
        }
    }

    [TestMethod]
    public void Reordering_alone_costs_nothing_but_waiting()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var thread = ReplicaThread.Random(seed, steps: 40, hashes: seed % 2 == 0);
            var replica = new StateReplica(ReplicaThread.Id, options: new() { MaxHeldMessages = 1000, MaxHeldBytes = int.MaxValue });
            foreach (var message in thread.Messages.Index().OrderBy(item => item.Index + random.Next(12)).Select(item => item.Item))
            {
                replica.Offer(message);
            }

            Assert.AreEqual(StateReplicaStatus.InSync, replica.Status, $"seed {seed}: {replica.LastError?.Message}");
            Assert.AreEqual(thread.Truth[thread.LastStateNumber], replica.Moment!.Hash, $"seed {seed}");
        }
    }

    [TestMethod]
    public void A_gap_is_asked_for_once_and_a_checkpoint_brings_the_replica_back()
    {
        var thread = Numbers(6);
        var back = thread.AddCheckpoint();
        var after = thread.Add(State(99));
        var replica = new StateReplica(ReplicaThread.Id);
        var asked = new List<StateReplicaEventArgs>();
        replica.ResyncNeeded += (_, e) => asked.Add(e);

        using var meters = new MeterRecorder();
        Offer(replica, thread.Messages.Take(6).Where((_, i) => i != 2));

        Assert.AreEqual(StateReplicaStatus.Waiting, replica.Status);
        Assert.AreEqual(2UL, replica.Moment!.Sequence);
        Assert.HasCount(1, asked);
        Assert.AreEqual(2UL, asked[0].Moment!.Sequence);
        Assert.AreEqual(3, replica.HeldMessages);

        Assert.AreEqual(StateOffer.Applied, replica.Offer(back));
        Assert.AreEqual(StateReplicaStatus.InSync, replica.Status);
        Assert.AreEqual(0, replica.HeldMessages);
        Assert.AreEqual(StateOffer.Applied, replica.Offer(after));
        Assert.AreEqual(thread.Truth[8], replica.Moment.Hash);
        Assert.AreEqual((1, 1), (meters.Sum("dashstream_replica_gaps_total"), meters.Sum("dashstream_replica_resyncs_total")));
    }

    [TestMethod]
    public void What_comes_twice_or_late_changes_nothing()
    {
        var thread = Numbers(5);
        var replica = new StateReplica(ReplicaThread.Id);
        Offer(replica, thread.Messages);

        Assert.AreEqual(StateOffer.Duplicate, replica.Offer(thread.Messages[4]));
        Assert.AreEqual(StateOffer.Late, replica.Offer(thread.Messages[0]));
        Assert.AreEqual(StateOffer.Late, replica.Offer(thread.Messages[2]));
        Assert.AreEqual(StateReplicaStatus.InSync, replica.Status);
        Assert.AreEqual(thread.Truth[5], replica.Moment!.Hash);
    }

    [TestMethod]
    public void Messages_of_other_threads_and_tenants_are_passed_over()
    {
        var thread = Numbers(2);
        var stranger = thread.Messages[1].Clone();
        stranger.StateDiff.Header.TenantId = "other";
        var replica = new StateReplica(ReplicaThread.Id);
        Offer(replica, thread.Messages.Take(1));

        Assert.AreEqual(StateOffer.OtherThread, replica.Offer(stranger));
        Assert.AreEqual(StateOffer.OtherThread, new StateReplica(ReplicaThread.Id, "third").Offer(stranger));
        Assert.AreEqual(StateOffer.OtherThread, new StateReplica("another").Offer(thread.Messages[0]));
        Assert.AreEqual(1UL, replica.Moment!.Sequence);
    }

    [TestMethod]
    public void A_damaged_message_is_refused_and_the_state_stays_right()
    {
        var thread = Numbers(3);
        var whole = thread.Messages[0].Clone();
        whole.StateDiff.FullState = ByteString.CopyFromUtf8("{\"n\":7}");
        var malformed = thread.Messages[1].Clone();
        malformed.StateDiff.Operations[0].Encoding = DiffOperation.Types.ValueEncoding.Msgpack;
        var changed = thread.Messages[1].Clone();
        changed.StateDiff.Operations[0].Value = ByteString.CopyFromUtf8("77");
        var replica = new StateReplica(ReplicaThread.Id);

        Assert.AreEqual(StateOffer.Refused, replica.Offer(whole));
        Assert.IsInstanceOfType<StateHashMismatchException>(replica.LastError);
        Assert.AreEqual(StateReplicaStatus.Waiting, replica.Status);
        Assert.AreEqual(StateOffer.Applied, replica.Offer(thread.Messages[0]));
        Assert.AreEqual(StateReplicaStatus.InSync, replica.Status);
        Assert.AreEqual(StateOffer.Refused, replica.Offer(malformed));
        Assert.AreEqual(StateOffer.Held, replica.Offer(changed));
        Assert.AreEqual(1UL, replica.Moment!.Sequence);
        Assert.AreEqual(StateReplicaStatus.Waiting, replica.Status);
    }

    [TestMethod]
    public void A_damaged_checkpoint_is_refused_by_kind()
    {
        var thread = Numbers(2);
        var good = thread.AddCheckpoint();
        var (cut, unknown, wrong) = (good.Clone(), good.Clone(), good.Clone());
        cut.State = ByteString.CopyFrom(good.State.Span[..^1]);
        unknown.CompressionInfo = new CompressionInfo { Type = CompressionType.CompressionSnappy };
        wrong.CompressionInfo = new CompressionInfo { Type = CompressionType.CompressionZstd, UncompressedSize = 5 };
        foreach (var (bad, fault) in new[] { (cut, CheckpointFault.ChecksumMismatch), (unknown, CheckpointFault.UnsupportedCompression), (wrong, CheckpointFault.Malformed) })
        {
            var replica = new StateReplica(ReplicaThread.Id);

            Assert.AreEqual(StateOffer.Refused, replica.Offer(bad));

            Assert.AreEqual(fault, ((CheckpointException)replica.LastError!).Fault);
            Assert.IsNull(replica.Moment);
        }
    }

    [TestMethod]
    public void A_restarted_sender_counts_anew_and_is_followed()
    {
        var (first, second) = (Numbers(5), Numbers(3));
        var replica = new StateReplica(ReplicaThread.Id);
        foreach (var message in first.Messages)
        {
            replica.Offer(message, producer: "a");
        }

        foreach (var message in second.Messages)
        {
            replica.Offer(message, producer: "b");
        }

        Assert.AreEqual(StateOffer.Late, replica.Offer(first.Messages[4], producer: "a"));
        Assert.AreEqual(("b", 3UL), (replica.Moment!.Producer, replica.Moment.Sequence));
        Assert.AreEqual(second.Truth[3], replica.Moment.Hash);
    }

    [TestMethod]
    public void In_a_log_a_restart_without_identity_is_seen_by_its_place()
    {
        var (first, second) = (Numbers(5), Numbers(3));
        var replica = new StateReplica(ReplicaThread.Id);
        foreach (var (i, message) in first.Messages.Concat(second.Messages).Index())
        {
            replica.Offer(message, new StreamPosition(0, (UInt128)i));
        }

        Assert.AreEqual(StateOffer.Late, replica.Offer(first.Messages[4], new StreamPosition(0, 4)));
        Assert.AreEqual(second.Truth[3], replica.Moment!.Hash);
        Assert.AreEqual(StateReplicaStatus.InSync, replica.Status);
    }

    [TestMethod]
    public void What_is_held_is_bounded_and_giving_up_asks_again()
    {
        var thread = Numbers(50);
        var replica = new StateReplica(ReplicaThread.Id, options: new() { MaxHeldMessages = 10 });
        var asked = 0;
        replica.ResyncNeeded += (_, _) => asked++;

        Offer(replica, thread.Messages.Where((_, i) => i != 1));

        Assert.AreEqual(10, replica.HeldMessages);
        Assert.AreEqual(1 + 38, asked);
        var whole = Numbers(49).AddCheckpoint();
        Assert.AreEqual(StateOffer.Applied, replica.Offer(new Checkpoint(whole) { Header = new Header { ThreadId = ReplicaThread.Id, Sequence = 51 } }));
        Assert.AreEqual(StateReplicaStatus.InSync, replica.Status);
    }

    [TestMethod]
    public void A_window_for_reordering_keeps_from_asking_too_soon()
    {
        var thread = Numbers(8);
        var replica = new StateReplica(ReplicaThread.Id, options: new() { ReorderWindow = 3 });
        var asked = 0;
        replica.ResyncNeeded += (_, _) => asked++;

        Offer(replica, [thread.Messages[0], thread.Messages[2], thread.Messages[3], thread.Messages[1]]);
        Assert.AreEqual((0, StateReplicaStatus.InSync), (asked, replica.Status));

        Offer(replica, thread.Messages.Skip(5));
        Assert.AreEqual(0, asked);
        Assert.AreEqual(StateReplicaStatus.Waiting, replica.Status);
    }

    [TestMethod]
    public void A_state_from_elsewhere_is_taken_unless_a_later_one_is_there()
    {
        var thread = Numbers(6);
        var source = new StateReplica(ReplicaThread.Id);
        Offer(source, thread.Messages.Take(4));
        var replica = new StateReplica(ReplicaThread.Id);
        Offer(replica, thread.Messages.Skip(4));
        Assert.AreEqual(StateReplicaStatus.Waiting, replica.Status);

        Assert.IsTrue(replica.Restore(source.Moment!));

        Assert.AreEqual(thread.Truth[6], replica.Moment!.Hash);
        Assert.IsFalse(replica.Restore(source.Moment!));
        Assert.ThrowsExactly<StateHashMismatchException>(() => replica.Restore(source.Moment! with { State = "{}"u8.ToArray() }));
        Assert.ThrowsExactly<ArgumentException>(() => replica.Restore(source.Moment! with { ThreadId = "x" }));
    }

    [TestMethod]
    public void Many_threads_are_followed_within_bounds()
    {
        var replicas = new StateReplicas(new() { MaxThreads = 10, MaxTotalStateBytes = 5 * 400 });
        var waits = new List<string>();
        replicas.ResyncNeeded += (_, e) => waits.Add(e.ThreadId);
        var threads = Enumerable.Range(0, 20).Select(_ => Numbers(2)).ToList();
        for (var step = 0; step < 2; step++)
        {
            foreach (var (i, thread) in threads.Index())
            {
                var message = thread.Messages[step].Clone();
                message.StateDiff.Header.ThreadId = $"thread {i}";
                replicas.Offer(message);
                Assert.IsLessThanOrEqualTo(10, replicas.Count);
                Assert.IsLessThanOrEqualTo(5 * 400, replicas.StateBytes);
            }
        }

        Assert.HasCount(20, waits);
        Assert.IsTrue(replicas.TryGet("", "thread 19", out var last));
        Assert.AreEqual(StateReplicaStatus.Waiting, last.Status);
        Assert.IsTrue(replicas.Remove("", "thread 19"));
        Assert.IsFalse(replicas.TryGet("", "thread 19", out _));
    }

    [TestMethod]
    public void Options_out_of_range_are_refused_by_name() =>
        Assert.Contains("MaxHeldMessages", Assert.ThrowsExactly<StreamException>(() => new StateReplica("t", options: new() { MaxHeldMessages = -1 })).Message);

    private static void Check(int seed, bool hashes, bool withPositions)
    {
        var random = new Random(seed);
        var thread = ReplicaThread.Random(seed, steps: 12, hashes);
        var delivered = thread.Messages.Index()
            .Where(_ => random.Next(6) > 0)
            .SelectMany(item => Enumerable.Repeat(item, random.Next(6) == 0 ? 2 : 1))
            .OrderBy(item => item.Index + (random.Next(3) == 0 ? random.Next(8) : 0))
            .ToList();
        var replica = new StateReplica(ReplicaThread.Id, options: new() { MaxHeldMessages = 1 + random.Next(8) });
        ulong newest = 0;
        foreach (var (i, message) in delivered)
        {
            replica.Offer(message, withPositions ? new StreamPosition(0, (UInt128)i) : null);
            newest = message.StateDiff is null ? newest : Math.Max(newest, message.StateDiff.Header.Sequence);

            if (replica.Moment is { } moment)
            {
                Assert.AreEqual(thread.Truth[moment.Sequence], moment.Hash, $"seed {seed}: a state that never was");
                Assert.AreEqual(moment.Hash, StateHash.Of(moment.State), $"seed {seed}");
            }

            if (replica.Status == StateReplicaStatus.InSync)
            {
                Assert.IsGreaterThanOrEqualTo(newest, replica.Moment!.Sequence, $"seed {seed}: in sync behind a state message that came");
            }
        }
    }

    private static ReplicaThread Numbers(int count)
    {
        var thread = new ReplicaThread();
        for (var i = 0; i < count; i++)
        {
            thread.Add(State(i));
        }

        return thread;
    }

    private static string State(int n) => $"{{\"n\":[{string.Join(',', Enumerable.Range(0, n + 1))}],\"padding\":\"{Padding}\"}}";

    private static void Offer(StateReplica replica, IEnumerable<DashStreamMessage> messages)
    {
        foreach (var message in messages)
        {
            replica.Offer(message);
        }
    }
}
