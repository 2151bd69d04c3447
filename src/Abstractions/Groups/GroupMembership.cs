using System.Diagnostics.CodeAnalysis;
using DashStream.Stores;

namespace DashStream.Groups;

/// <summary>
/// One member of a group: a single loop that joins, beats, removes the dead, and hands partitions over, telling the listener one call at a time. It lives
/// whether or not anybody reads. Fenced or expired, it reports its partitions as lost and joins again under a new id. Ends by <see cref="StopAsync"/>, or
/// with an error that waiting cannot mend (<see cref="Failure"/>). Safe for concurrent use.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer, so nothing is kept by not disposing it; late callers still use its token.")]
internal sealed class GroupMembership : ISessionKeeper
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(5);

    private readonly ILogStore _store;
    private readonly TopicSpec _topic;
    private readonly StreamConsumerOptions _options;
    private readonly TimeProvider _time;
    private readonly MemberSession _session;
    private readonly ListenerCalls _listener;
    private readonly ChangeSignal _wake = new();
    private readonly CancellationTokenSource _cut = new();
    private readonly SortedSet<int> _told = [];
    private Task _loop = Task.CompletedTask;
    private long _seenVersion = -1;
    private bool _lostAtTheEnd;
    private volatile bool _stopping;
    private volatile bool _left;
    private IReadOnlyList<int> _givenUp = [];
    private IReadOnlyList<StreamPosition> _lastCommits = [];
    private volatile Exception? _failure;

    public GroupMembership(ILogStore store, TopicSpec topic, StreamConsumerOptions options, IAssignmentListener listener, TimeProvider time)
    {
        _store = store;
        _topic = topic;
        _options = options;
        _time = time;
        _session = new MemberSession(store.Groups, topic, options, time);
        _listener = new ListenerCalls(listener, this, options.SessionTimeout, time);
    }

    /// <summary>What is ours.</summary>
    public HeldFences Held => _session.Held;

    /// <summary>Under which name the group knows us; changes when we join again.</summary>
    public string MemberId => _session.Id;

    /// <summary>Why the membership ended, or null.</summary>
    public Exception? Failure => _failure;

    /// <summary>Called once, after <see cref="Failure"/> is set.</summary>
    public Action? Failed { get; set; }

    TimeSpan ISessionKeeper.UntilNextBeat => _session.UntilNextBeat;

    /// <summary>Joins, then lives on by itself. A store that cannot be asked, or a group of a newer version, fails the call.</summary>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _session.RefreshAsync(mayJoin: true, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The join may have happened: the others must not wait for a member that never lived, nor the caller for a store that is away.
            BoundedWait.Forget(((ISessionKeeper)this).GiveUpAsync(CancellationToken.None).AsTask());
            throw;
        }

        _loop = RunAsync();
    }

    /// <summary>Looks at the group's state now: somebody found out that it changed.</summary>
    public void Nudge() => _wake.Set();

    /// <summary>Revokes everything and leaves. Not complete when that was not finished within the deadline: then the session time-out does the rest.</summary>
    public async ValueTask<(bool Complete, IReadOnlyList<StreamPosition> Committed)> StopAsync(TimeSpan deadline)
    {
        _stopping = true;
        _wake.Set();
        await _loop.WaitAsync(deadline, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_loop.IsCompleted)
        {
            await _cut.CancelAsync().ConfigureAwait(false);
        }

        Held.DropAll();
        return (_left && !_lostAtTheEnd, _lastCommits);
    }

    async ValueTask ISessionKeeper.BeatAsync(CancellationToken cancellationToken)
    {
        _session.FenceIfExpired();
        try
        {
            await _session.RefreshAsync(mayJoin: false, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StreamException or OperationCanceledException)
        {
            // The loop's next step meets the same store and deals with it; here only the session counts.
            _session.FenceIfExpired();
        }
    }

    async ValueTask ISessionKeeper.GiveUpAsync(CancellationToken cancellationToken)
    {
        _session.Fence();
        try
        {
            await _session.LeaveAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StreamException or OperationCanceledException)
        {
            // Then the others wait for our session to end, as they do for any silent member.
            Nudge();
        }
    }

    private async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await RepeatAsync(StepAsync, () => _stopping).ConfigureAwait(false);
            await RepeatAsync(LeaveAsync, () => _left).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_cut.IsCancellationRequested)
        {
            Held.DropAll();
        }
        catch (Exception e)
        {
            await FailAsync(e).ConfigureAwait(false);
        }
    }

    // An outage of the store is waited out, however long it takes.
    private async Task RepeatAsync(Func<Task, Task> work, Func<bool> isDone)
    {
        var failures = 0;
        while (!isDone())
        {
            var signal = _wake.Next;
            try
            {
                await work(signal).ConfigureAwait(false);
                failures = 0;
            }
            catch (StreamException e) when (MayPass(e))
            {
                await PauseAsync(BackoffAfter(failures++), signal).ConfigureAwait(false);
            }
        }
    }

    // One look at the group and what follows from it; when nothing does, the wait for the next reason to look.
    private async Task StepAsync(Task signal)
    {
        _session.FenceIfExpired();
        if (!_session.IsMember && !await TryPrepareToJoinAsync().ConfigureAwait(false))
        {
            return;
        }

        var view = await _session.RefreshAsync(mayJoin: _told.Count == 0, _cut.Token).ConfigureAwait(false);
        if (await ReconcileAsync(view).ConfigureAwait(false) || _stopping)
        {
            return;
        }

        var start = _time.GetTimestamp();
        await _session.WaitForChangeAsync(view, signal, _cut.Token).ConfigureAwait(false);
        if (view.Version == _seenVersion && _time.GetElapsedTime(start) < ShortestWait)
        {
            // A store whose wait returns without cause must not make this loop spin.
            await PauseAsync(ShortestWait, signal).ConfigureAwait(false);
        }

        _seenVersion = view.Version;
    }

    // False when something had to be told to the listener first.
    private async ValueTask<bool> TryPrepareToJoinAsync()
    {
        if (_told.Count > 0)
        {
            await LoseAsync([.. _told]).ConfigureAwait(false);
            return false;
        }

        var spec = await _store.FindTopicAsync(_topic.Name, _cut.Token).ConfigureAwait(false);
        if (spec is null || spec.Partitions != _topic.Partitions)
        {
            throw new StreamException(StreamErrorKind.NotFound, $"Topic '{_topic.Name}' was deleted{(spec is null ? "" : " and made anew")} while group "
                + $"'{_options.Group}' was reading it. Open a new consumer once there is a topic to read.");
        }

        return true;
    }

    // Brings what the listener was told in line with the document, one call at a time. True when there was something to do: then look again.
    private async ValueTask<bool> ReconcileAsync(GroupView view)
    {
        var entries = view.Document.Partitions;
        var me = _session.Number;
        var lost = _told.Where(partition => me == 0 || entries[partition].Owner != me || entries[partition].Fence != Held.GivenFence(partition)).ToList();
        if (lost.Count > 0)
        {
            await LoseAsync(lost).ConfigureAwait(false);
            return true;
        }

        var owned = me == 0 ? [] : view.Document.OwnedBy(me);
        var leaving = owned.Where(partition => entries[partition].Target != me).ToList();
        if (leaving.Count > 0)
        {
            await HandOverAsync(leaving).ConfigureAwait(false);
            return true;
        }

        var gained = owned.Where(partition => !_told.Contains(partition)).ToList();
        if (gained.Count > 0)
        {
            gained.ForEach(partition => Held.Set(partition, entries[partition].Fence));
            _told.UnionWith(gained);
            await _listener.AssignedAsync(gained, _cut.Token).ConfigureAwait(false);
            return true;
        }

        return false;
    }

    private async ValueTask LoseAsync(IReadOnlyList<int> partitions)
    {
        Held.Drop(partitions);
        _told.ExceptWith(partitions);
        await _listener.LostAsync(partitions, _cut.Token).ConfigureAwait(false);
    }

    private async ValueTask HandOverAsync(IReadOnlyList<int> partitions)
    {
        var told = partitions.Where(_told.Contains).ToList();
        if (told.Count > 0 && !(await _listener.RevokedAsync(told, _cut.Token).ConfigureAwait(false) && _session.IsMember))
        {
            return;
        }

        Held.Drop(told);
        _told.ExceptWith(told);
        await _session.ReleaseAsync(partitions, _cut.Token).ConfigureAwait(false);
    }

    private async Task LeaveAsync(Task signal)
    {
        _session.FenceIfExpired();
        var held = _told.ToList();
        if (_session.IsMember && held.Count > 0)
        {
            if (!(await _listener.RevokedAsync(held, _cut.Token).ConfigureAwait(false) && _session.IsMember))
            {
                return;
            }

            Held.DropAll();
            _told.Clear();
            _givenUp = held;
        }

        if (_told.Count > 0)
        {
            _lostAtTheEnd = true;
            await LoseAsync(held).ConfigureAwait(false);
        }

        var view = await _session.LeaveAsync(_cut.Token).ConfigureAwait(false);
        _lastCommits = view is null ? [] : view.CommitsOf(_givenUp);
        _left = true;
    }

    private async ValueTask FailAsync(Exception error)
    {
        var byListener = error is ListenerException;
        var failure = byListener ? error.InnerException! : error;
        _failure = failure;
        Held.DropAll();
        Failed?.Invoke();
        try
        {
            if (!byListener && _told.Count > 0)
            {
                await LoseAsync([.. _told]).ConfigureAwait(false);
            }

            await _session.LeaveAsync(_cut.Token).ConfigureAwait(false);
        }
        catch (Exception second)
        {
            // Readers are told the first error; this one is only its consequence.
            failure.Data["afterwards"] = second.Message;
        }
    }

    private Task PauseAsync(TimeSpan pause, Task signal) => InterruptibleWait.PauseAsync(pause, signal, _time, _cut.Token);

    private TimeSpan BackoffAfter(int failures)
    {
        var ceiling = Math.Min(_options.HeartbeatInterval.TotalMilliseconds, FirstBackoff.TotalMilliseconds * Math.Pow(2, failures));
        return TimeSpan.FromMilliseconds(ceiling * (0.5 + (Chance.Random.NextDouble() / 2)));
    }

    private static bool MayPass(StreamException error) => error.IsTransient || error.Kind is StreamErrorKind.Timeout or StreamErrorKind.Full;
}
