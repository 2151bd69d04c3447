using System.Threading.Tasks.Sources;
using DashStream.Telemetry;

namespace DashStream.Client;

/// <summary>A message in the hands of a provider that tells outcomes directly, and the task that its sender awaits.</summary>
internal sealed class SentMessage(SendQueue queue, ulong sequence, int bytes) : ISendOutcome, IValueTaskSource<SendReceipt>
{
    // Asynchronously: what the sender does next must not hold up the provider, which has others to tell.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    // The position in parts: as one value its alignment alone would take sixteen bytes of every message.
    private ulong _offsetHigh;
    private ulong _offsetLow;
    private int _partition;

    public ValueTask<SendReceipt> Task => new(this, _core.Version);

    public void Decided(StreamPosition position, StreamException? error)
    {
        (error is null ? PipelineMeter.Sent : PipelineMeter.SendFailures).Add(1);
        queue.Remove(bytes);
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
}
