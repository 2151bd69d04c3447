using DashStream.Stores;

namespace DashStream.Groups;

/// <summary>
/// A member's standing in the stored document: its id, its heartbeats, its part in removing the dead. Calls must come one at a time; only
/// <see cref="Held"/> may be used from anywhere.
/// </summary>
internal sealed class MemberSession
{
    // A call that has no answer in this part of a session is taken for an outage: there is time left for another one.
    private const int StoreCallsPerSession = 3;
    private static readonly TimeSpan ClockStep = TimeSpan.FromMilliseconds(1);

    private readonly StreamConsumerOptions _options;
    private readonly TimeProvider _time;
    private readonly GroupLedger _ledger;
    private readonly BeatObserver _observer;
    private readonly TimeSpan _limit;
    private volatile string _id;
    private string? _formerId;
    private bool _mayBeIn;

    public MemberSession(IGroupStore store, TopicSpec topic, StreamConsumerOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _limit = options.SessionTimeout / StoreCallsPerSession;
        _ledger = new GroupLedger(store, topic.Name, options.Group!, topic.Partitions, time);
        _observer = new BeatObserver(time);
        Held = new HeldFences(topic.Partitions, options.SessionTimeout, time);
        _id = NewId();
    }

    public HeldFences Held { get; }

    /// <summary>Under which name we are, or want to be, in the document.</summary>
    public string Id => _id;

    /// <summary>Our number in the document, or 0 while we are not in it.</summary>
    public int Number { get; private set; }

    public bool IsMember => Number != 0;

    public TimeSpan UntilNextBeat => _options.HeartbeatInterval - _time.GetElapsedTime(Held.AliveAt);

    /// <summary>Beats if it is time to, removes the dead, joins if asked to; finds out whether we are still in. Returns the state as it is now.</summary>
    public async ValueTask<GroupView> RefreshAsync(bool mayJoin, CancellationToken cancellationToken)
    {
        MemberEntry? me = null;
        var beaten = false;
        var view = await _ledger.UpdateAsync(
            view =>
            {
                me = view.Document.Find(_id);
                beaten = me is null ? mayJoin : !IsMember || UntilNextBeat <= TimeSpan.Zero;
                var removed = RemoveGone(view);
                if (beaten)
                {
                    me = LiveOn(view, me);
                }

                return removed || beaten;
            },
            _limit, cancellationToken).ConfigureAwait(false);

        if (me is null)
        {
            Fence();
            return view;
        }

        if (beaten)
        {
            Held.AliveAt = view.AskedAt;
            _formerId = null;
        }

        Number = me.Number;
        return view;
    }

    /// <summary>Gives revoked partitions to whom they are meant for.</summary>
    public async ValueTask ReleaseAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) =>
        await _ledger.UpdateAsync(
            view =>
            {
                GroupRules.Release(view.Document, Number, partitions);
                return true;
            },
            _limit, cancellationToken).ConfigureAwait(false);

    /// <summary>Takes us out of the document, also when the outcome of a join is not known; null when it cannot hold us.</summary>
    public async ValueTask<GroupView?> LeaveAsync(CancellationToken cancellationToken)
    {
        if (!_mayBeIn)
        {
            return null;
        }

        var view = await _ledger.UpdateAsync(
            view =>
            {
                var ours = view.Document.Members.FindAll(member => member.Id == _id || member.Id == _formerId).ConvertAll(static member => member.Number);
                GroupRules.Remove(view.Document, ours);
                return ours.Count > 0;
            },
            _limit, cancellationToken).ConfigureAwait(false);
        Fence();
        _formerId = null;
        _mayBeIn = false;
        return view;
    }

    /// <summary>Nothing is ours any more; the next join is under a new id.</summary>
    public void Fence()
    {
        Held.DropAll();
        if (IsMember)
        {
            _formerId = _id;
            _id = NewId();
            Number = 0;
        }
    }

    /// <summary>Whoever was silent for longer than its session must not go on, even if nobody has noticed.</summary>
    public void FenceIfExpired()
    {
        if (IsMember && Held.HasExpired)
        {
            Fence();
        }
    }

    /// <summary>Waits for a change by anyone, for the signal, for our next beat, or for the moment in which another member would be dead.</summary>
    public async ValueTask WaitForChangeAsync(GroupView view, Task signal, CancellationToken cancellationToken)
    {
        var untilDeath = _observer.UntilNextDeath(view, Number);
        var wait = untilDeath < UntilNextBeat ? untilDeath + ClockStep : UntilNextBeat;
        if (wait > TimeSpan.Zero)
        {
            await _ledger.WaitForChangeAsync(view.Version, signal, wait, cancellationToken).ConfigureAwait(false);
        }
    }

    private MemberEntry LiveOn(GroupView view, MemberEntry? me)
    {
        if (me is null)
        {
            _mayBeIn = true;
            return GroupRules.Join(view.Document, _id, (long)_options.SessionTimeout.TotalMicroseconds, view.NowUs);
        }

        GroupRules.Beat(me, view.NowUs);
        return me;
    }

    private bool RemoveGone(GroupView view)
    {
        var gone = _observer.FindDead(view).Where(number => view.Document.Find(number)!.Id != _id).ToList();
        if (_formerId is not null && view.Document.Find(_formerId) is { } former && !gone.Contains(former.Number))
        {
            gone.Add(former.Number);
        }

        GroupRules.Remove(view.Document, gone);
        return gone.Count > 0;
    }

    private string NewId() => $"{_options.MemberName}-{Chance.NewId():N}";
}
