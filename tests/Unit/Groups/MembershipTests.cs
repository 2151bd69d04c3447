using DashStream.Stores;
using static DashStream.Tests.Groups.ReadingFixture;

namespace DashStream.Tests.Groups;

/// <summary>Members that die, stall, lose the store, or are slow. The store has one clock, and every member can have its own, as processes do.</summary>
[TestClass]
public sealed class MembershipTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly ManualTime _time = new();

    [TestMethod]
    public async Task A_suspended_member_is_fenced_hears_that_it_lost_and_joins_again_by_itself()
    {
        await using var fixture = new ReadingFixture(partitions: 2, _time);
        var listener = new RecordingListener();
        var store = fixture.NewStore();
        var zombie = await fixture.OpenAsync(Slow(listener), store: store, time: new ManualTime());
        await AssignedAsync(zombie, 0, 1);
        await fixture.AppendAsync(0, "a");
        await ReadAsync(zombie, 1);
        var wakeUp = Suspend(store);

        var heir = await fixture.OpenAsync(Slow());
        await _time.AdvanceUntilAsync(() => heir.Assignment.Count == 2, Step);
        var error = await ThrowsAsync(StreamErrorKind.Fenced, () => zombie.CommitAsync([new StreamPosition(0, 0)]).AsTask());
        StringAssert.Contains(error.Message, "Partition 0");
        CollectionAssert.AreEqual(new[] { "a" }, await ReadAsync(heir, 1));

        wakeUp.SetResult();
        await UntilAsync(() => listener.Heard.Contains("lost 0,1"), "The loss is told.");
        Assert.IsFalse(listener.Heard.Any(heard => heard.StartsWith("revoked", StringComparison.Ordinal)));
        await UntilAsync(() => zombie.Assignment.Count == 1 && heir.Assignment.Count == 1, "Both have a share again.");
    }

    [TestMethod]
    public async Task A_suspended_process_delivers_nothing_when_it_wakes_up_after_its_session()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var suspended = new ManualTime();
        var store = fixture.NewStore();
        var zombie = await fixture.OpenAsync(Slow(), store: store, time: suspended);
        await AssignedAsync(zombie, 0);
        await fixture.AppendAsync(0, "a");
        store.HookedGroups.Hang = new TaskCompletionSource().Task;
        var inRead = new TaskCompletionSource();
        var wake = new TaskCompletionSource();
        store.OnRead = async (_, _) =>
        {
            inRead.TrySetResult();
            await wake.Task;
        };

        var read = zombie.ReadAsync(TimeSpan.Zero).AsTask();
        await inRead.Task;
        suspended.Advance(TimeSpan.FromSeconds(11));
        wake.SetResult();

        Assert.IsEmpty((await read).Records);
        Assert.IsEmpty(zombie.Assignment);
        store.HookedGroups.Hang = null;
    }

    [TestMethod]
    public async Task The_partitions_of_a_killed_member_are_taken_over_after_its_session_and_not_before()
    {
        await using var fixture = new ReadingFixture(partitions: 2, _time);
        var store = fixture.NewStore();
        var killed = await fixture.OpenAsync(Slow(), store: store, time: new ManualTime());
        await AssignedAsync(killed, 0, 1);
        var never = Suspend(store);
        var heir = await fixture.OpenAsync(Slow());
        var start = _time.GetTimestamp();

        await _time.AdvanceUntilAsync(() => heir.Assignment.Count == 2, Step);

        var took = _time.GetElapsedTime(start);
        Assert.IsTrue(took > TimeSpan.FromSeconds(9) && took < TimeSpan.FromSeconds(60), $"{took}");
        never.SetResult();
    }

    [TestMethod]
    public async Task A_store_clock_set_back_does_not_keep_a_killed_member_alive()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var store = fixture.NewStore();
        var killed = await fixture.OpenAsync(Slow(), store: store, time: new ManualTime());
        await AssignedAsync(killed, 0);
        var never = Suspend(store);
        var heir = await fixture.OpenAsync(Slow());
        _time.SetBack(TimeSpan.FromDays(1));

        await _time.AdvanceUntilAsync(() => heir.Assignment.Count == 1, Step);

        await ThrowsAsync(StreamErrorKind.Fenced, () => killed.CommitAsync([new StreamPosition(0, 0)]).AsTask());
        never.SetResult();
    }

    [TestMethod]
    public async Task A_clock_that_jumps_forward_costs_a_takeover_and_nothing_else()
    {
        await using var fixture = new ReadingFixture(partitions: 2, _time);
        var first = await fixture.OpenAsync(Slow());
        await AssignedAsync(first, 0, 1);
        var second = await fixture.OpenAsync(Slow());
        await AssignedAsync(first, 0);
        await AssignedAsync(second, 1);

        _time.Advance(TimeSpan.FromHours(1));
        await _time.AdvanceUntilAsync(() => first.Assignment.Count == 1 && second.Assignment.Count == 1, Step);
        await fixture.AppendAsync(first.Assignment[0], "a");

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await first.ReadAsync(TimeSpan.Zero)));
        await first.CommitAsync([new StreamPosition(first.Assignment[0], 0)]);
    }

    [TestMethod]
    public async Task Without_the_store_partitions_are_lost_when_the_session_is_over_and_found_again_with_it()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var listener = new RecordingListener();
        var member = await fixture.OpenAsync(Slow(listener));
        await AssignedAsync(member, 0);

        fixture.Store.HookedGroups.Outage = new StreamException(StreamErrorKind.Transient, "The store is away.");
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.HasCount(1, member.Assignment);
        await _time.AdvanceUntilAsync(() => listener.Heard.Count == 2, Step);

        Assert.IsEmpty(member.Assignment);
        fixture.Store.HookedGroups.Outage = null;
        await _time.AdvanceUntilAsync(() => member.Assignment.Count == 1, Step);
        CollectionAssert.AreEqual(new[] { "assigned 0", "lost 0", "assigned 0" }, listener.Heard.ToArray());
    }

    [TestMethod]
    public async Task A_store_that_hangs_is_an_outage_too()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var listener = new RecordingListener();
        var member = await fixture.OpenAsync(Slow(listener));
        await AssignedAsync(member, 0);

        var hang = new TaskCompletionSource();
        fixture.Store.HookedGroups.Hang = hang.Task;
        await _time.AdvanceUntilAsync(() => listener.Heard.Contains("lost 0"), Step);

        fixture.Store.HookedGroups.Hang = null;
        hang.SetResult();
        await _time.AdvanceUntilAsync(() => member.Assignment.Count == 1, Step);
    }

    [TestMethod]
    public async Task A_slow_revoke_keeps_the_membership_while_it_runs()
    {
        await using var fixture = new ReadingFixture(partitions: 2, _time);
        var ready = new TaskCompletionSource();
        var listener = new RecordingListener { On = (what, _, _) => what == "revoked" ? new ValueTask(ready.Task) : default };
        var owner = await fixture.OpenAsync(Slow(listener));
        await AssignedAsync(owner, 0, 1);
        await fixture.AppendAsync(1, "a", "b");
        await ReadAsync(owner, 2);

        var newcomer = await fixture.OpenAsync(Slow());
        await UntilAsync(() => listener.Heard.Contains("revoked 1"), "The owner is asked to revoke.");
        for (var i = 0; i < 80; i++)
        {
            _time.Advance(Step);
            await Task.Delay(2);
        }

        Assert.IsEmpty(newcomer.Assignment);
        await owner.CommitAsync([new StreamPosition(1, 0)]);
        ready.SetResult();
        await AssignedAsync(newcomer, 1);
        CollectionAssert.AreEqual(new[] { "b" }, await ReadAsync(newcomer, 1));
        CollectionAssert.AreEqual(new[] { "assigned 0,1", "revoked 1" }, listener.Heard.ToArray());
    }

    [TestMethod]
    public async Task A_revoke_that_outlasts_the_session_costs_the_member_its_partitions()
    {
        await using var fixture = new ReadingFixture(partitions: 2, _time);
        var ready = new TaskCompletionSource();
        var listener = new RecordingListener { On = (what, _, _) => what == "revoked" ? new ValueTask(ready.Task) : default };
        var owner = await fixture.OpenAsync(Slow(listener));
        await AssignedAsync(owner, 0, 1);

        var newcomer = await fixture.OpenAsync(Slow());
        await UntilAsync(() => listener.Heard.Contains("revoked 1"), "The owner is asked to revoke.");
        await _time.AdvanceUntilAsync(() => newcomer.Assignment.Count == 2, Step);
        Assert.IsEmpty(owner.Assignment);
        await ThrowsAsync(StreamErrorKind.Fenced, () => owner.CommitAsync([new StreamPosition(1, 0)]).AsTask());

        ready.SetResult();
        await _time.AdvanceUntilAsync(() => owner.Assignment.Count == 1, Step);
        Assert.AreEqual("assigned 0,1; revoked 1; lost 0", string.Join("; ", listener.Heard.Take(3)));
    }

    [TestMethod]
    public async Task A_listener_that_throws_ends_the_consumer_and_others_take_over_at_once()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var listener = new RecordingListener { On = (_, _, _) => throw new InvalidDataException("mine") };
        var member = await fixture.OpenAsync(Slow(listener));

        var error = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => member.ReadAsync(Long).AsTask().WaitAsync(Long));
        var heir = await fixture.OpenAsync(Slow());

        Assert.AreEqual("mine", error.Message);
        await AssignedAsync(heir, 0);
        await Assert.ThrowsExactlyAsync<InvalidDataException>(() => member.ReadAsync(TimeSpan.Zero).AsTask());
        Assert.IsFalse((await member.StopAsync(Long)).Complete);
        await ThrowsAsync(StreamErrorKind.Closed, () => member.ReadAsync(TimeSpan.Zero).AsTask());
    }

    [TestMethod]
    public async Task Even_a_listener_error_that_looks_like_an_outage_is_the_listeners()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var listener = new RecordingListener { On = (_, _, _) => throw new StreamException(StreamErrorKind.Transient, "mine") };
        var member = await fixture.OpenAsync(Slow(listener));

        var error = await ThrowsAsync(StreamErrorKind.Transient, () => member.ReadAsync(Long).AsTask());

        Assert.AreEqual("mine", error.Message);
        Assert.HasCount(1, listener.Heard);
    }

    [TestMethod]
    public async Task A_deleted_topic_ends_its_readers_with_not_found()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var listener = new RecordingListener();
        var member = await fixture.OpenAsync(Slow(listener));
        await AssignedAsync(member, 0);

        await fixture.Store.DeleteTopicAsync(Topic, default);
        await UntilAsync(() => listener.Heard.Contains("lost 0"), "The loss is told.");

        await ThrowsAsync(StreamErrorKind.NotFound, () => member.ReadAsync(Long).AsTask());
    }

    [TestMethod]
    public async Task A_topic_made_anew_is_read_from_its_start()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var member = await fixture.OpenAsync(Slow());
        await AssignedAsync(member, 0);
        await fixture.AppendAsync(0, "a", "b");
        await ReadAsync(member, 2);
        await member.CommitAsync([new StreamPosition(0, 1)]);

        await fixture.Store.DeleteTopicAsync(Topic, default);
        await fixture.Store.TryCreateTopicAsync(fixture.Spec, default);
        await fixture.AppendAsync(0, "c");
        var read = new List<string>();
        await _time.AdvanceUntilAsync(() => TryRead(member, read), Step);

        CollectionAssert.AreEqual(new[] { "c" }, read);
    }

    [TestMethod]
    public async Task A_stop_waits_for_the_last_commit_and_gives_everything_up_at_once()
    {
        await using var fixture = new ReadingFixture(partitions: 2, _time);
        LogMember holder = new();
        var listener = new RecordingListener { On = async (what, _, token) => await holder.CommitOnAsync(what, token) };
        var member = holder.Consumer = await fixture.OpenAsync(Slow(listener));
        await AssignedAsync(member, 0, 1);
        await fixture.AppendAsync(0, "a");
        await ReadAsync(member, 1);
        var heir = await fixture.OpenAsync(Slow());
        await AssignedAsync(member, 0);

        var receipt = await member.StopAsync(Long);
        await AssignedAsync(heir, 0, 1);

        Assert.AreEqual(new StreamPosition(0, 0), receipt.Committed.Single());
        Assert.IsTrue(receipt.Complete);
        Assert.AreSame(receipt, await member.StopAsync(TimeSpan.Zero));
        await ThrowsAsync(StreamErrorKind.Closed, () => member.CommitAsync([new StreamPosition(0, 0)]).AsTask());
        Assert.IsEmpty(member.Assignment);
    }

    [TestMethod]
    public async Task A_stop_is_bounded_whatever_listener_and_store_do()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var listener = new RecordingListener { On = (what, _, _) => what == "revoked" ? new ValueTask(new TaskCompletionSource().Task) : default };
        var member = await fixture.OpenAsync(Slow(listener));
        await AssignedAsync(member, 0);

        var stop = member.StopAsync(TimeSpan.FromSeconds(1)).AsTask();
        await UntilAsync(() => listener.Heard.Contains("revoked 0"), "The stop revokes.");
        await _time.AdvanceUntilAsync(() => stop.IsCompleted, Step);

        Assert.IsFalse((await stop).Complete);
        await ThrowsAsync(StreamErrorKind.Closed, () => member.CommitAsync([new StreamPosition(0, 0)]).AsTask());
    }

    [TestMethod]
    public async Task A_stop_during_an_outage_ends_in_time_and_says_that_it_is_not_complete()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var member = await fixture.OpenAsync(Slow());
        await AssignedAsync(member, 0);
        fixture.Store.HookedGroups.Outage = new StreamException(StreamErrorKind.Transient, "The store is away.");

        var stop = member.StopAsync(TimeSpan.FromSeconds(1)).AsTask();
        await _time.AdvanceUntilAsync(() => stop.IsCompleted, Step);

        Assert.IsFalse((await stop).Complete);
    }

    [TestMethod]
    public async Task A_group_of_a_newer_version_is_not_joined()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        await fixture.Store.Groups.TryReplaceAsync(Topic, Group, 0, "{\"format\":9}"u8.ToArray(), [], default);

        await ThrowsAsync(StreamErrorKind.Incompatible, () => fixture.OpenAsync(Slow()));
    }

    private static Action<StreamConsumerOptions> Slow(IAssignmentListener? listener = null) => options =>
    {
        options.SessionTimeout = TimeSpan.FromSeconds(10);
        options.HeartbeatInterval = TimeSpan.FromSeconds(1);
        options.Listener = listener;
    };

    // With a clock of its own that stands still, such a member does nothing at all until it wakes up.
    private static TaskCompletionSource Suspend(HookedLogStore store)
    {
        var wakeUp = new TaskCompletionSource();
        store.HookedGroups.Hang = wakeUp.Task;
        return wakeUp;
    }

    private static bool TryRead(LogConsumer consumer, List<string> into)
    {
        try
        {
            var read = consumer.ReadAsync(TimeSpan.Zero).AsTask();
            into.AddRange(read.GetAwaiter().GetResult().Records.Select(Text));
        }
        catch (StreamException e) when (e.Kind is StreamErrorKind.NotFound or StreamErrorKind.OutOfRange)
        {
            return false;
        }

        return into.Count > 0;
    }

    private sealed class LogMember
    {
        public LogConsumer? Consumer { get; set; }

        public async ValueTask CommitOnAsync(string what, CancellationToken cancellationToken)
        {
            if (what == "revoked" && Consumer!.Assignment.Contains(0))
            {
                await Consumer.CommitAsync([new StreamPosition(0, 0)], cancellationToken);
            }
        }
    }
}
