using DashStream.Protocol;

namespace DashStream.Runs;

/// <summary>
/// Who has room and what became of whom. Room is taken when a message is recorded and given back when it is decided, so queue and sends on their way have one
/// bound. Thread-safe.
/// </summary>
internal sealed class RunLedger(DashStreamRunsOptions options)
{
    private const int Kinds = (int)MessageType.ExecutionTrace + 1;

    private readonly long[] _recorded = new long[Kinds];
    private readonly long[] _stored = new long[Kinds];
    private readonly long[] _dropped = new long[Kinds];
    private readonly long[] _failed = new long[Kinds];
    private readonly int _detailMessages = options.MaxPendingMessages / 4 * 3;
    private readonly long _detailBytes = options.MaxPendingBytes / 4 * 3;
    private readonly Lock _gate = new();
    private long _unchanged;
    private long _pending;
    private long _pendingBytes;
    private Exception? _lastError;

    /// <summary>Takes room for one message, or counts it as dropped.</summary>
    public bool TryTake(MessageType kind, long bytes, bool isDetail)
    {
        lock (_gate)
        {
            _recorded[(int)kind]++;
            var loss = RoomFor(bytes, isDetail);
            if (loss != RunLoss.None)
            {
                _dropped[(int)kind]++;
                RunMeter.Drop(kind, loss);
                return false;
            }

            _pending++;
            _pendingBytes += bytes;
        }

        RunMeter.QueueDepth.Add(1);
        return true;
    }

    /// <summary>Counts a message that comes from the worker itself, such as a checkpoint: it follows from one that had room.</summary>
    public void TakeAlways(in RunSlip slip)
    {
        lock (_gate)
        {
            _recorded[(int)slip.Kind]++;
            _pending++;
            _pendingBytes += slip.Bytes;
        }

        RunMeter.QueueDepth.Add(1);
    }

    /// <summary>Forgets a message that was taken: another one stands for it, or none is needed.</summary>
    public void GiveBack(in RunSlip slip)
    {
        lock (_gate)
        {
            Release(slip.Bytes);
            _recorded[(int)slip.Kind]--;
        }

        RunMeter.QueueDepth.Add(-1);
    }

    /// <summary>Counts a message that was told too late.</summary>
    public void Drop(MessageType kind, RunLoss reason)
    {
        lock (_gate)
        {
            _recorded[(int)kind]++;
            _dropped[(int)kind]++;
        }

        RunMeter.Drop(kind, reason);
    }

    /// <summary>Gives the room of a message back that is decided now.</summary>
    public void Decide(in RunSlip slip, Exception? error)
    {
        lock (_gate)
        {
            Release(slip.Bytes);
            (error is null ? _stored : _failed)[(int)slip.Kind]++;
            _lastError = error ?? _lastError;
        }

        RunMeter.QueueDepth.Add(-1);
        if (error is not null)
        {
            RunMeter.SendFailed(slip.Kind);
        }
    }

    /// <summary>Gives the room of a state back for which nothing is sent.</summary>
    public void DecideUnchanged(in RunSlip slip)
    {
        lock (_gate)
        {
            Release(slip.Bytes);
            _unchanged++;
        }

        RunMeter.QueueDepth.Add(-1);
    }

    /// <summary>Keeps an error that concerns no single message.</summary>
    public void Note(Exception error)
    {
        lock (_gate)
        {
            _lastError = error;
        }
    }

    public RunCounts Read()
    {
        lock (_gate)
        {
            var byKind = new Dictionary<MessageType, RunKindCounts>();
            for (var kind = 0; kind < Kinds; kind++)
            {
                var unchanged = kind == (int)MessageType.StateDiff ? _unchanged : 0;
                var decided = _stored[kind] + unchanged + _dropped[kind] + _failed[kind];
                byKind[(MessageType)kind] = new RunKindCounts(
                    _recorded[kind], _stored[kind], unchanged, _dropped[kind], _failed[kind], _recorded[kind] - decided);
            }

            return new RunCounts
            {
                ByKind = byKind,
                Total = new RunKindCounts(_recorded.Sum(), _stored.Sum(), _unchanged, _dropped.Sum(), _failed.Sum(), _pending),
                LastError = _lastError,
            };
        }
    }

    private RunLoss RoomFor(long bytes, bool isDetail)
    {
        if (_pending >= options.MaxPendingMessages || _pendingBytes + bytes > options.MaxPendingBytes)
        {
            return RunLoss.QueueFull;
        }

        var yields = isDetail && options.DropPolicy == RunDropPolicy.DetailsFirst;
        return yields && (_pending >= _detailMessages || _pendingBytes + bytes > _detailBytes) ? RunLoss.CapacityLimit : RunLoss.None;
    }

    private void Release(long bytes)
    {
        _pending--;
        _pendingBytes -= bytes;
    }
}

/// <summary>The room that a message holds.</summary>
/// <param name="Kind">What is counted.</param>
/// <param name="Bytes">How much it holds.</param>
internal readonly record struct RunSlip(MessageType Kind, long Bytes);
