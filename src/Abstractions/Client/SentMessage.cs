using System.Threading.Tasks.Sources;
using DashStream.Telemetry;

namespace DashStream.Client;

/// <summary>A message in the hands of a provider that tells outcomes directly, and the task that its sender awaits.</summary>
internal sealed class SentMessage(SendQueue queue, ulong sequence, int bytes) : ISendOutcome, IValueTaskSource<SendReceipt>
{
    private const int Settled = 1;
    private const int Listening = 2;

    // Asynchronously: what the sender does next must not hold up the provider, which has others to tell.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    // The position in parts: as one value its alignment alone would take sixteen bytes of every message.
    private ulong _offsetHigh;
    private ulong _offsetLow;
    private int _partition;
    private int _state;
    private CancellationTokenRegistration _cancelling;

    public ValueTask<SendReceipt> Task => new(this, _core.Version);

    /// <summary>Lets a cancellation end the waiting; what becomes of the message is counted all the same. Called once, by whoever hands out the task.</summary>
    public void ListenTo(CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled || (Volatile.Read(ref _state) & Settled) != 0)
        {
            return;
        }

        _cancelling = cancellationToken.UnsafeRegister(static (sent, token) => ((SentMessage)sent!).Cancel(token), this);
        if ((Interlocked.Or(ref _state, Listening) & Settled) != 0)
        {
            _cancelling.Unregister();
        }
    }

    public void Decided(StreamPosition position, StreamException? error)
    {
        (error is null ? PipelineMeter.Sent : PipelineMeter.SendFailures).Add(1);
        queue.Remove(bytes);
        var state = Interlocked.Or(ref _state, Settled);
        if ((state & Settled) != 0)
        {
            return;
        }

        if ((state & Listening) != 0)
        {
            // Here and not where the result is taken: nobody need ever take it, and the token may live for long.
            _cancelling.Unregister();
        }

        if (error is null)
        {
            _partition = position.Partition;
            _offsetHigh = (ulong)(position.Offset >> 64);
            _offsetLow = (ulong)position.Offset;
            _core.SetResult(true);
        }
        else
        {
            _core.SetException(error);
        }
    }

    public SendReceipt GetResult(short token)
    {
        _core.GetResult(token);
        return new SendReceipt(new StreamPosition(_partition, new UInt128(_offsetHigh, _offsetLow)), sequence);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken cancellationToken)
    {
        if ((Interlocked.Or(ref _state, Settled) & Settled) == 0)
        {
            _core.SetException(new OperationCanceledException("Waiting for the send was cancelled; the message may be stored all the same.", cancellationToken));
        }
    }
}
