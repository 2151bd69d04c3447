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
    public async Task A_group_of_a_newer_version_is_not_joined()
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        await fixture.Store.Groups.TryReplaceAsync(Topic, Group, 0, "{\"format\":9}"u8.ToArray(), [], default);

        await ThrowsAsync(StreamErrorKind.Incompatible, () => fixture.OpenAsync(Slow()));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task An_opening_whose_outcome_is_unknown_leaves_no_member_behind(bool cancelled)
    {
        await using var fixture = new ReadingFixture(partitions: 1, _time);
        var store = fixture.NewStore();
        store.HookedGroups.AfterReplace = () =>
        {
            store.HookedGroups.AfterReplace = static () => { };
            throw cancelled ? new OperationCanceledException() : new StreamException(StreamErrorKind.Timeout, "unknown");
        };

        await Assert.ThrowsAsync<Exception>(() => fixture.OpenAsync(Slow(), store: store));

        await AssignedAsync(await fixture.OpenAsync(Slow()), 0);
    }

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
}
