using DashStream.Stores;
using static DashStream.Tests.Groups.ReadingFixture;

namespace DashStream.Tests.Groups;

/// <summary>Revokes, stops, and listeners that are slow or throw.</summary>
[TestClass]
public sealed class ListenerTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly ManualTime _time = new();

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
