using System.Threading.Tasks.Sources;

namespace DashStream.Providers;

/// <summary>A send whose caller awaits it as a task.</summary>
internal sealed class AwaitedSend(SendLedger ledger, FreeSends<AwaitedSend> free) : KafkaSend(ledger), IValueTaskSource<StreamPosition>
{
    // Asynchronously: a caller that blocks in its continuation would stop librdkafka's poll thread, and with it every other report.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private long _offset;
    private int _partition;

    public ValueTask<StreamPosition> Task => new(this, _core.Version);

    /// <summary>Lets a cancellation end the waiting. Called before the record is handed over, so that no report can come meanwhile.</summary>
    public void ListenTo(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(static (send, token) => ((AwaitedSend)send!).Cancel(token), this);
        }
    }

    public override bool TryTakeBack()
    {
        _registration.Dispose();
        return base.TryTakeBack();
    }

    public StreamPosition GetResult(short token)
    {
        if (_core.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            _core.GetResult(token);
        }

        _registration.Dispose();
        var position = new StreamPosition(_partition, (UInt128)_offset);
        try
        {
            _core.GetResult(token);
            return position;
        }
        finally
        {
            if (IsAnswered)
            {
                Recycle();
            }
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    protected override ISendOutcome? Answer(StreamPosition position, StreamException? error)
    {
        if (error is not null)
        {
            return Fail(error);
        }

        _partition = position.Partition;
        _offset = (long)position.Offset;
        _core.SetResult(true);
        return null;
    }

    protected override ISendOutcome? Fail(StreamException error)
    {
        _core.SetException(error);
        return null;
    }

    protected override void Recycle()
    {
        _registration = default;
        _core.Reset();
        free.Return(this);
    }

    private void Cancel(CancellationToken cancellationToken)
    {
        if (TryAbandon())
        {
            _core.SetException(new OperationCanceledException("Waiting for the send was cancelled; the record may be stored all the same.", cancellationToken));
        }
    }
}
