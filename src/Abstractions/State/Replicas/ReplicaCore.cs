using DashStream.Protocol;

namespace DashStream.State;

/// <summary>
/// Decides for each message of one thread whether it leads on from the state that is there. A patch is taken when its hash fits the result, so that it does not
/// matter what was lost before it; without a hash only when every number before it was seen. Not thread-safe.
/// </summary>
internal sealed class ReplicaCore(string threadId, StateReplicaOptions options)
{
    private const int RememberedProducers = 8;

    private static readonly byte[] Nothing = "null"u8.ToArray();

    private readonly HeldDiffs _held = new(options);
    private readonly NumberCoverage _coverage = new();
    private readonly Queue<string> _past = new();
    private string? _producer;
    private MessageOrder _last;
    private MessageOrder? _missed;
    private StreamPosition? _seen;
    private bool _orderIsUnknown;

    public StateMoment? Moment { get; private set; }

    public StateReplicaStatus Status { get; private set; }

    public StreamException? LastError { get; private set; }

    public int Held => _held.Count;

    /// <summary>Messages that found no more room since the state was last in order.</summary>
    public int GivenUp { get; private set; }

    /// <summary>Takes a message; the states that it led to are added to <paramref name="moved"/>, in order.</summary>
    public StateOffer Take(DashStreamMessage message, MessageOrder order, List<StateMoment> moved)
    {
        _producer ??= order.Producer;
        var offer = message.MessageCase switch
        {
            DashStreamMessage.MessageOneofCase.StateDiff => PlaceOf(order) ?? TakeDiff(message.StateDiff, order, moved),
            DashStreamMessage.MessageOneofCase.Checkpoint => PlaceOf(order) ?? TakeCheckpoint(message.Checkpoint, order, moved),
            _ => StateOffer.NotState,
        };
        var covered = _coverage.To;
        See(message, order);
        if (_coverage.To != covered && _held.Heads().Any(held => held.Message.StateHash.IsEmpty))
        {
            Drain(moved);
        }

        return offer;
    }

    /// <summary>Takes a state that the application vouches for, unless the one that is there is later.</summary>
    public bool Restore(StateMoment moment, List<StateMoment> moved)
    {
        var order = new MessageOrder(moment.Producer, moment.Sequence, moment.Position);
        if (PlaceOf(order) is not null)
        {
            return false;
        }

        Adopt(moment, order, moved);
        Drain(moved);
        return true;
    }

    /// <summary>Where a message stands to the state that is there; null when it comes after it.</summary>
    private StateOffer? PlaceOf(in MessageOrder order)
    {
        if (Moment is not null && order.IsSameAs(_last))
        {
            return StateOffer.Duplicate;
        }

        // The log's own order decides where it is known, even between producers.
        var isBehind = Moment is not null && order.IsPlacedBeside(_last)
            ? order.Position!.Value < _last.Position!.Value
            : _past.Contains(order.Producer) || (Moment is not null && order.Producer == _last.Producer && order.Number != 0 && order.Number < _last.Number);
        return isBehind ? StateOffer.Late : null;
    }

    private StateOffer TakeDiff(StateDiff message, MessageOrder order, List<StateMoment> moved)
    {
        if (_held.Contains(order))
        {
            return StateOffer.Duplicate;
        }

        if (!message.FullState.IsEmpty)
        {
            return TakeWhole(message, order, moved);
        }

        // Behind one that does not fit, a patch does not fit either, unless it replaces everything.
        if (!ReplacesAll(message) && _held.HasBefore(order))
        {
            return Hold(message, order);
        }

        var offer = TryApply(message, order, moved);
        if (offer == StateOffer.Applied)
        {
            Drain(moved);
            return offer;
        }

        return offer == StateOffer.Held ? Hold(message, order) : Miss(order);
    }

    private StateOffer TakeWhole(StateDiff message, MessageOrder order, List<StateMoment> moved)
    {
        try
        {
            var state = message.ApplyTo(Nothing, options.State);
            Adopt(MomentOf(state, HashOf(message, state), order, message.Header, StateMomentKind.Full), order, moved);
        }
        catch (StreamException e)
        {
            LastError = e;
            return Miss(order);
        }

        Drain(moved);
        return StateOffer.Applied;
    }

    private StateOffer TakeCheckpoint(Checkpoint message, MessageOrder order, List<StateMoment> moved)
    {
        var nothingIsMissing = Status == StateReplicaStatus.InSync && KnowsAllBefore(order);
        if (nothingIsMissing || message.State.IsEmpty)
        {
            return StateOffer.NotState;
        }

        try
        {
            var state = PackedState.Unpack(message, options.State);
            var hash = StateHash.Of(state, options.State);
            if (Status == StateReplicaStatus.InSync && hash == Moment!.Hash)
            {
                return StateOffer.NotState;
            }

            Adopt(MomentOf(state, hash, order, message.Header, StateMomentKind.Checkpoint), order, moved);
        }
        catch (StreamException e)
        {
            // The state that is there is as right as before.
            LastError = e;
            ReplicaMeter.Refused.Add(1);
            return StateOffer.Refused;
        }

        Drain(moved);
        return StateOffer.Applied;
    }

    /// <summary>Applied, Held when it does not fit, or Refused when it cannot be read.</summary>
    private StateOffer TryApply(StateDiff message, MessageOrder order, List<StateMoment> moved)
    {
        StatePatch patch;
        try
        {
            patch = message.ToPatch(options.State);
            if (message.StateHash.Length is not (0 or StateHash.ByteLength))
            {
                throw new StreamException(StreamErrorKind.Corrupt, $"The state diff has a hash of {message.StateHash.Length} bytes; a SHA-256 has {StateHash.ByteLength}.");
            }
        }
        catch (StreamException e)
        {
            LastError = e;
            return StateOffer.Refused;
        }

        if (message.StateHash.IsEmpty && !(KnowsAllBefore(order) && !_held.HasBefore(order)))
        {
            LastError = new StreamException(StreamErrorKind.Corrupt, "The patch has no hash, and messages before it are missing: it cannot be told whether it fits.");
            return StateOffer.Held;
        }

        try
        {
            StateHash? expected = message.StateHash.IsEmpty ? null : new StateHash(message.StateHash.Span);
            var state = patch.ApplyTo(Moment?.State ?? Nothing, expected, options.State);
            Adopt(MomentOf(state, expected ?? StateHash.Of(state, options.State), order, message.Header, StateMomentKind.Patch), order, moved);
            return StateOffer.Applied;
        }
        catch (StreamException e)
        {
            LastError = e;
            return message.StateHash.IsEmpty ? StateOffer.Refused : StateOffer.Held;
        }
    }

    private void Adopt(StateMoment moment, MessageOrder order, List<StateMoment> moved)
    {
        var numbersGoOn = order.Producer == _producer && (Moment is null || order.Number > _last.Number);
        if (order.Producer != _producer)
        {
            Retire(_producer!);
        }

        _producer = order.Producer;
        _coverage.Reset(order.Number, numbersGoOn);
        _orderIsUnknown = order.Number == 0;
        _last = order;
        Moment = moment;
        moved.Add(moment);
        _held.RemoveAll(held => PlaceOf(held.Order) is not null);
        _missed = _missed is { } missed && IsAfter(missed, order) ? missed : null;
        Settle();
    }

    private void Drain(List<StateMoment> moved)
    {
        while (_held.Heads().FirstOrDefault(held => TryApply(held.Message, held.Order, moved) == StateOffer.Applied) is not null)
        {
            // Each one taken is out of what is held, and may let the next one in.
        }
    }

    private StateOffer Hold(StateDiff message, MessageOrder order)
    {
        var givenUp = _held.Add(message, order);
        if (givenUp > 0)
        {
            GivenUp += givenUp;
            ReplicaMeter.GivenUp.Add(givenUp);
            _missed = _missed is { } missed && IsAfter(missed, order) ? missed : order;
        }

        Settle();
        return StateOffer.Held;
    }

    private StateOffer Miss(MessageOrder order)
    {
        ReplicaMeter.Refused.Add(1);
        _missed = _missed is { } missed && IsAfter(missed, order) ? missed : order;
        Settle();
        return StateOffer.Refused;
    }

    private void Settle()
    {
        var status = _held.Count > 0 || _missed is not null ? StateReplicaStatus.Waiting : Moment is null ? StateReplicaStatus.Empty : StateReplicaStatus.InSync;
        if (status == StateReplicaStatus.Waiting && Status != status)
        {
            ReplicaMeter.Gaps.Add(1);
        }
        else if (status == StateReplicaStatus.InSync && Status == StateReplicaStatus.Waiting)
        {
            ReplicaMeter.Resyncs.Add(1);
            LastError = null;
            GivenUp = 0;
        }

        Status = status;
    }

    private void See(DashStreamMessage message, in MessageOrder order)
    {
        // A number that goes back at a later place was given by somebody who counts anew.
        var isLater = order.Position is { } position && (_seen is not { } seen || seen.Partition != position.Partition || position > seen);
        _orderIsUnknown |= isLater && order.Producer == _producer && order.Number != 0 && order.Number < _coverage.To;
        _seen = isLater ? order.Position : _seen;
        if (order.Producer != _producer)
        {
            return;
        }

        _coverage.See(order.Number);
        for (var i = 1; i < MessageParts.HeaderCount(message); i++)
        {
            _coverage.See(MessageParts.HeaderAt(message, i)?.Sequence ?? 0);
        }
    }

    private bool KnowsAllBefore(in MessageOrder order) =>
        !_orderIsUnknown && _missed is null && order.Number != 0 && order.Producer == _producer && _coverage.To + 1 >= order.Number;

    private bool IsAfter(in MessageOrder order, in MessageOrder other) =>
        order.IsPlacedBeside(other) ? order.Position!.Value > other.Position!.Value
        : order.Producer == other.Producer ? order.Number > other.Number
        : !_past.Contains(order.Producer);

    private void Retire(string producer)
    {
        _past.Enqueue(producer);
        if (_past.Count > RememberedProducers)
        {
            _past.Dequeue();
        }
    }

    private StateMoment MomentOf(ReadOnlyMemory<byte> state, StateHash hash, MessageOrder order, Header? header, StateMomentKind kind) => new()
    {
        TenantId = header?.TenantId ?? "",
        ThreadId = threadId,
        State = state,
        Hash = hash,
        Sequence = order.Number,
        Position = order.Position,
        Producer = order.Producer,
        TimestampUs = header?.TimestampUs ?? 0,
        Kind = kind,
    };

    private StateHash HashOf(StateDiff message, ReadOnlyMemory<byte> state) =>
        message.StateHash.IsEmpty ? StateHash.Of(state, options.State) : new StateHash(message.StateHash.Span);

    /// <summary>Whether a patch fits any state.</summary>
    public static bool ReplacesAll(StateDiff message) =>
        message.Operations is [{ Path: "", Op: DiffOperation.Types.OpType.Add or DiffOperation.Types.OpType.Replace }, ..];
}
