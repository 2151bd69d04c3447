using System.Threading.Tasks.Sources;
using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// One record on its way, and the task that its caller awaits (or its place in a <see cref="KafkaBatch"/>). Pooled: it is free when librdkafka has reported and
/// the caller has taken the result. One that a deadline, a stop or a cancellation ended first is let go when the report has come.
/// </summary>
internal sealed class KafkaSend : IValueTaskSource<StreamPosition>
{
    /// <summary>The round of a send that no ledger waits for.</summary>
    public const int NotCounted = -1;

    private const int Waiting = 0;
    private const int Answered = 1;
    private const int Abandoned = 2;

    private readonly KafkaSendPool _pool;

    // Asynchronously: a caller that blocks in its continuation would stop librdkafka's poll thread, and with it every other report.
    private ManualResetValueTaskSourceCore<StreamPosition> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private SendLedger? _ledger;
    private KafkaBatch? _batch;
    private int _index;
    private int _state = Answered;

    public KafkaSend(KafkaSendPool pool)
    {
        _pool = pool;
        Delivered = OnDelivered;
    }

    /// <summary>Handed to librdkafka with the record; made once and used again with the send.</summary>
    public Action<DeliveryReport<byte[]?, byte[]?>> Delivered { get; }

    /// <summary>The next free one. Guarded by the pool.</summary>
    public KafkaSend? NextFree { get; set; }

    /// <summary>Its place among the pool's sends. Guarded by the pool.</summary>
    public int PoolIndex { get; set; }

    /// <summary>The ledger's round in which it was taken in; <see cref="NotCounted"/> while the ledger does not wait for it. Guarded by the ledger.</summary>
    public int Round { get; private set; } = NotCounted;

    /// <summary>Its number among the sends of the producer. Guarded by the ledger.</summary>
    public long Sequence { get; private set; }

    /// <summary>Bytes it counts for. Guarded by the ledger.</summary>
    public int Size { get; private set; }

    /// <summary>Whether the ledger waits for it. Guarded by the ledger.</summary>
    public bool IsCounted => Round != NotCounted;

    public ValueTask<StreamPosition> Task => new(this, _core.Version);

    /// <summary>Begins to wait. Called under the ledger's lock.</summary>
    public void Begin(SendLedger ledger, int size, long sequence, int round, KafkaBatch? batch = null, int index = 0)
    {
        _ledger = ledger;
        _batch = batch;
        _index = index;
        Size = size;
        Sequence = sequence;
        Round = round;
        Volatile.Write(ref _state, Waiting);
    }

    /// <summary>The ledger waits for it no longer. Called under the ledger's lock.</summary>
    public void Uncount() => Round = NotCounted;

    /// <summary>Lets a cancellation end the waiting. Called before the record is handed over, so that no report can come meanwhile.</summary>
    public void ListenTo(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(static (send, token) => ((KafkaSend)send!).Cancel(token), this);
        }
    }

    /// <summary>
    /// Takes what librdkafka reported; false when the waiting had ended before. After this the send may be in use again. Called under the ledger's lock, since
    /// continuations run elsewhere.
    /// </summary>
    public bool TryAnswer(StreamPosition position, StreamException? error)
    {
        if (Interlocked.CompareExchange(ref _state, Answered, Waiting) != Waiting)
        {
            return false;
        }

        if (_batch is { } batch)
        {
            batch.Decide(_index, error is null ? SendResult.Stored(position) : SendResult.Failed(error));
            Recycle();
        }
        else if (error is null)
        {
            _core.SetResult(position);
        }
        else
        {
            _core.SetException(error);
        }

        return true;
    }

    /// <summary>Takes back a record that librdkafka did not take; false when the waiting had ended before. Called under the ledger's lock.</summary>
    public bool TryTakeBack()
    {
        _registration.Dispose();
        if (Interlocked.CompareExchange(ref _state, Answered, Waiting) != Waiting)
        {
            return false;
        }

        Recycle();
        return true;
    }

    /// <summary>Ends the waiting without a report: a deadline or a stop. Called under the ledger's lock.</summary>
    public void Abandon(StreamException error)
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Waiting) != Waiting)
        {
            return;
        }

        if (_batch is { } batch)
        {
            batch.Decide(_index, SendResult.Failed(error));
        }
        else
        {
            _core.SetException(error);
        }
    }

    public StreamPosition GetResult(short token)
    {
        if (_core.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            return _core.GetResult(token);
        }

        _registration.Dispose();
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (Volatile.Read(ref _state) == Answered)
            {
                Recycle();
            }
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    // Runs on librdkafka's poll thread.
    private void OnDelivered(DeliveryReport<byte[]?, byte[]?> report) => _ledger!.Report(this, report.Partition.Value, report.Offset.Value, report.Error);

    private void Cancel(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting)
        {
            _core.SetException(new OperationCanceledException("Waiting for the send was cancelled; the record may be stored all the same.", cancellationToken));
        }
    }

    private void Recycle()
    {
        _registration = default;
        _ledger = null;
        _batch = null;
        _core.Reset();
        _pool.Return(this);
    }
}
