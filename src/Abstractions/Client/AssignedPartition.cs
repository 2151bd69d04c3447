using DashStream.Sequencing;

namespace DashStream.Client;

/// <summary>
/// One partition for as long as it is ours: its watermark, how many deliveries are with handlers, and whether it is paused because it is too far ahead of its
/// watermark. Once closed, nothing more starts and nothing counts any more.
/// </summary>
internal sealed class AssignedPartition(
    int partition, InFlightBudget budget, int maxPending, Action<AssignedPartition> onRoom, CancellationToken stopping = default)
{
    private const int Closed = int.MinValue;

    private static long _epochs;

    private readonly PartitionTracker _tracker = new(partition);
    private readonly Lock _gate = new();
    private TaskCompletionSource? _idle;
    private CancellationTokenSource? _closing;

    // How many deliveries run, and whether nothing more may start, in one: a start must see both at once, and is too frequent for a gate.
    private int _state;
    private bool _held;

    public int Partition { get; } = partition;

    /// <summary>Tells this assignment from every other one, earlier ones being smaller.</summary>
    public long Epoch { get; } = Interlocked.Increment(ref _epochs);

    /// <summary>Paused by us because too much is pending; set by the reading loop, cleared when there is room.</summary>
    public bool IsHeld
    {
        get => Volatile.Read(ref _held);
        set => Volatile.Write(ref _held, value);
    }

    /// <summary>The newest record that was taken in, ever since the partition was assigned, seeks included.</summary>
    public UInt128? Newest { get; private set; }

    /// <summary>Up to here the user went back on purpose, so what comes is no duplicate.</summary>
    public UInt128? ReplayedUpTo { get; private set; }

    public bool HasRoom => _tracker.Pending <= maxPending / 2;

    public bool IsOverfull => _tracker.Pending >= maxPending;

    public bool IsClosed => Volatile.Read(ref _state) < 0;

    /// <summary>Fires when nothing more may start, because the partition is given up or the consumer stops: who waits to try again need not.</summary>
    public CancellationToken Closing
    {
        get
        {
            lock (_gate)
            {
                return IsClosed
                    ? new CancellationToken(canceled: true)
                    : (_closing ??= CancellationTokenSource.CreateLinkedTokenSource(stopping)).Token;
            }
        }
    }

    /// <summary>Says that a seek led here from <paramref name="old"/>. Before anything is taken in.</summary>
    public void SoughtFrom(AssignedPartition old)
    {
        Newest = old.Newest;
        ReplayedUpTo = old.Newest;
    }

    /// <summary>Takes a record in; whoever calls adds it to the budget.</summary>
    public ReceivedMessage Take(StreamRecord record)
    {
        var message = new ReceivedMessage(record, this, _tracker.Add(record.Position!.Value.Offset));
        Newest = Newest > message.Position.Offset ? Newest : message.Position.Offset;
        return message;
    }

    /// <summary>A delivery starts; false when the partition is closed, and then it must not.</summary>
    public bool TryStart()
    {
        if (Interlocked.Increment(ref _state) >= 0)
        {
            return true;
        }

        Release();
        return false;
    }

    /// <summary>A started delivery is no longer with a handler.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _state) == Closed)
        {
            lock (_gate)
            {
                _idle?.TrySetResult();
            }
        }
    }

    public void Finish(ReceivedMessage message, long ticket, bool handled)
    {
        if (handled)
        {
            _tracker.Complete(ticket);
        }

        budget.Remove(message.SizeBytes, handled);
        if (IsHeld)
        {
            onRoom(this);
        }
    }

    /// <summary>Lets nothing more start; completes when no delivery is with a handler. The watermark still moves until <see cref="Close"/>.</summary>
    public Task StopStarting()
    {
        CancellationTokenSource? closing;
        Task idle;
        lock (_gate)
        {
            Interlocked.Or(ref _state, Closed);
            (closing, _closing) = (_closing, null);

            // A release either finds this or is seen by the look behind it.
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (Volatile.Read(ref _state) == Closed)
            {
                _idle.TrySetResult();
            }

            idle = _idle.Task;
        }

        // What wakes now may call back into this partition, so not under the gate.
        closing?.Cancel();
        closing?.Dispose();
        return idle;
    }

    public void Close()
    {
        StopStarting();
        _tracker.Close();
    }

    public bool TryTakeCommit(out StreamPosition position) => _tracker.TryTakeCommit(out position);

    public void CommitFailed() => _tracker.CommitFailed();
}
