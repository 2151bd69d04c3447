using DashStream.Protocol;

namespace DashStream.State;

/// <summary>
/// Follows the state of one thread by its messages, from any provider or however they come. What <see cref="Moment"/> says is always right for the moment it
/// names: a patch is applied only where its hash proves the result, or, without a hash, where every number before it was seen; a lost, doubled, late or damaged
/// message never changes the state. What does not fit is kept for a while, since the missing part may come late; then <see cref="ResyncNeeded"/> asks for a full
/// state, and any full state or checkpoint of the stream brings the replica back. That the end of a stream is missing cannot be seen by anybody before the next
/// message comes. Safe to use concurrently; calls wait for each other. Events are raised on the calling thread, outside of locks, and what a handler throws ends
/// the call.
/// </summary>
public sealed class StateReplica
{
    private readonly Lock _gate = new();
    private readonly StateReplicaOptions _options;
    private readonly ReplicaCore _core;
    private string? _tenantId;
    private bool _hasAsked;
    private int _givenUp;

    /// <summary>Makes a replica that has nothing yet.</summary>
    /// <param name="threadId">The thread; messages of others are passed over.</param>
    /// <param name="tenantId">Its tenant; null for that of the first message of the thread that comes.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public StateReplica(string threadId, string? tenantId = null, StateReplicaOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(threadId);
        ThreadId = threadId;
        _tenantId = tenantId;
        _options = (options ?? new StateReplicaOptions()).Checked();
        _core = new ReplicaCore(threadId, _options);
    }

    /// <summary>Raised for every state that the replica comes to, in their order within a call.</summary>
    public event EventHandler<StateReplicaEventArgs>? Moved;

    /// <summary>
    /// Raised when the replica cannot go on by itself, once for each time that it falls out, and again when patches had to be given up. Ask the sender for a
    /// checkpoint (<see cref="DashStreamRun.Checkpoint"/>), or the log for a state (<c>StateHistory</c>) and give it to <see cref="Restore"/>; or wait for the next
    /// full state, which senders put in every so many patches.
    /// </summary>
    public event EventHandler<StateReplicaEventArgs>? ResyncNeeded;

    /// <summary>The thread.</summary>
    public string ThreadId { get; }

    /// <summary>Its tenant; empty for none, and as long as it is not known.</summary>
    public string TenantId => Volatile.Read(ref _tenantId) ?? "";

    /// <summary>How the replica stands to the thread.</summary>
    public StateReplicaStatus Status
    {
        get
        {
            lock (_gate)
            {
                return _core.Status;
            }
        }
    }

    /// <summary>The last state that is known to be right, and for which moment; null before the first.</summary>
    public StateMoment? Moment
    {
        get
        {
            lock (_gate)
            {
                return _core.Moment;
            }
        }
    }

    /// <summary>Why the last message that did not fit did not; null while all is well.</summary>
    public StreamException? LastError
    {
        get
        {
            lock (_gate)
            {
                return _core.LastError;
            }
        }
    }

    /// <summary>Patches that are kept for now.</summary>
    public int HeldMessages
    {
        get
        {
            lock (_gate)
            {
                return _core.Held;
            }
        }
    }

    /// <summary>Takes a message as a consumer delivered it; every message of the thread should be given, not only those with states.</summary>
    public StateOffer Offer(ReceivedMessage received)
    {
        ArgumentNullException.ThrowIfNull(received);
        return Offer(received.Message, received.Position, MessageParts.ProducerOf(received.Record, received.Header));
    }

    /// <summary>Takes a message however it came.</summary>
    /// <param name="message">The message; it must not be changed afterwards.</param>
    /// <param name="position">Where it lies in its log, which then decides what is late; null when unknown: then its number does.</param>
    /// <param name="producer">Who gave the number (<see cref="MessageParts.ProducerOf(StreamRecord, Header?)"/>); null for the one that the message id names. Numbers of an unknown producer that begin again
    /// without a position are taken for late.</param>
    public StateOffer Offer(DashStreamMessage message, StreamPosition? position = null, string? producer = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (MessageParts.HeaderOf(message) is not { } header || header.ThreadId != ThreadId || !IsMine(header.TenantId))
        {
            return StateOffer.OtherThread;
        }

        var moved = new List<StateMoment>();
        StateOffer offer;
        StateReplicaEventArgs? ask;
        lock (_gate)
        {
            offer = _core.Take(message, new MessageOrder(producer ?? MessageParts.ProducerOf(header), header.Sequence, position), moved);
            ask = Ask(message);
        }

        Tell(moved, ask);
        return offer;
    }

    /// <summary>Takes a state that is known to be right from elsewhere, such as the log's history or a stored checkpoint.</summary>
    /// <returns>False when the replica has this state or a later one, and was left as it is.</returns>
    /// <exception cref="ArgumentException">The state is of another thread or tenant.</exception>
    /// <exception cref="StateHashMismatchException">The state does not have its hash.</exception>
    /// <exception cref="StreamException">The state is not JSON, or over a limit.</exception>
    public bool Restore(StateMoment moment)
    {
        ArgumentNullException.ThrowIfNull(moment);
        if (moment.ThreadId != ThreadId || !IsMine(moment.TenantId))
        {
            throw new ArgumentException($"The state is of thread '{moment.ThreadId}', this replica follows '{ThreadId}'.", nameof(moment));
        }

        StateChecks.Verify(moment.State, moment.Hash, _options.State);
        var moved = new List<StateMoment>();
        bool taken;
        lock (_gate)
        {
            taken = _core.Restore(moment with { Kind = StateMomentKind.Restored }, moved);
            _ = Ask(null);
        }

        Tell(moved, null);
        return taken;
    }

    private bool IsMine(string tenantId) => (Interlocked.CompareExchange(ref _tenantId, tenantId, null) ?? tenantId) == tenantId;

    private StateReplicaEventArgs? Ask(DashStreamMessage? message)
    {
        if (_core.Status != StateReplicaStatus.Waiting)
        {
            _hasAsked = false;
            _givenUp = 0;
            return null;
        }

        var reference = message?.Checkpoint is { State.IsEmpty: true, StorageUri.Length: > 0 } stored ? stored : null;
        var isDue = (!_hasAsked && (_core.Held == 0 || _core.Held > _options.ReorderWindow)) || _core.GivenUp > _givenUp;
        if (!isDue && reference is null)
        {
            return null;
        }

        _hasAsked = true;
        _givenUp = _core.GivenUp;
        return new StateReplicaEventArgs(TenantId, ThreadId, _core.Status, _core.Moment, _core.LastError?.Message ?? "a message is missing") { Reference = reference };
    }

    private void Tell(List<StateMoment> moved, StateReplicaEventArgs? ask)
    {
        foreach (var moment in moved)
        {
            Moved?.Invoke(this, new StateReplicaEventArgs(TenantId, ThreadId, StateReplicaStatus.InSync, moment, ""));
        }

        if (ask is not null)
        {
            ResyncNeeded?.Invoke(this, ask);
        }
    }
}
