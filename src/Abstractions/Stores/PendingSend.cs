using System.Threading.Tasks.Sources;

namespace DashStream.Stores;

/// <summary>One record on its way, and the task that its caller awaits. Pooled: it goes back when the caller has taken a result that the writer gave.</summary>
internal sealed class PendingSend(PendingSendPool pool) : PendingAppend, IValueTaskSource<StreamPosition>
{
    private const int Waiting = 0;
    private const int Answered = 1;
    private const int Abandoned = 2;

    // Asynchronously: a caller that blocks in its continuation would stop the writer, and with it the sends that it blocks on.
    private ManualResetValueTaskSourceCore<StreamPosition> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private StreamRecord? _record;
    private ISendOutcome? _outcome;
    private StreamPosition _position;
    private StreamException? _error;
    private long _timestampUs;
    private int _partition;
    private int _size;
    private int _state;
    private bool _taken;

    public override int Count => 1;

    public override long SizeBytes => _size;

    public override bool MayWait => false;

    public override bool IsTaken => _taken;

    public ValueTask<StreamPosition> Task => new(this, _core.Version);

    public void Prepare(StreamRecord record, int partition, int size, long timestampUs, ISendOutcome? outcome = null)
    {
        _record = record;
        _outcome = outcome;
        _partition = partition;
        _size = size;
        _timestampUs = timestampUs;
        _taken = false;
        _error = null;
        Volatile.Write(ref _state, Waiting);
        Begin();
    }

    /// <summary>Lets a cancellation end the waiting. Called before the record is handed over, so that nobody completes it meanwhile.</summary>
    public void ListenTo(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(static (send, token) => ((PendingSend)send!).Cancel(token), this);
        }
    }

    /// <summary>Takes back a record that was refused before anybody saw it.</summary>
    public void Discard()
    {
        _registration.Dispose();
        if (Interlocked.CompareExchange(ref _state, Answered, Waiting) == Waiting)
        {
            Recycle();
        }
    }

    public override bool TryTake(AppendChunk chunk)
    {
        if (!chunk.HasRoomFor(_size))
        {
            return false;
        }

        chunk.Add(_record!, _partition, _timestampUs, FirstSequence, _size);
        chunk.Close(this, from: 0, count: 1, _size);
        return _taken = true;
    }

    public override void Store(int index, StreamPosition position) => _position = position;

    public override void Fail(int index, StreamException error) => _error = error;

    public override void Release()
    {
        // The writer may still hold a send that a deadline or a stop ended: that one is left to the garbage collector.
        if (Interlocked.CompareExchange(ref _state, IsOver ? Abandoned : Answered, Waiting) != Waiting)
        {
            return;
        }

        if (_outcome is { } outcome)
        {
            Tell(outcome);
        }
        else if (_error is { } error)
        {
            _core.SetException(error);
        }
        else
        {
            _core.SetResult(_position);
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

    protected override void FailUndecided(StreamException error) => _error = error;

    private void Cancel(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting)
        {
            _core.SetException(new OperationCanceledException("Waiting for the send was cancelled; the record may be stored all the same.", cancellationToken));
        }
    }

    // Nobody takes a result later, so the send may go back before its outcome is told.
    private void Tell(ISendOutcome outcome)
    {
        var (position, error) = (_position, _error);
        if (Volatile.Read(ref _state) == Answered)
        {
            Recycle();
        }

        outcome.Decided(position, error);
    }

    private void Recycle()
    {
        _record = null;
        _outcome = null;
        _error = null;
        _registration = default;
        _core.Reset();
        pool.Return(this);
    }
}
