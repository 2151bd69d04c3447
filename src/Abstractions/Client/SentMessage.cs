using System.Threading.Tasks.Sources;
using DashStream.Telemetry;

namespace DashStream.Client;

/// <summary>A message in the hands of a provider that tells outcomes directly, and the task that its sender awaits.</summary>
internal sealed class SentMessage(SendQueue queue, ulong sequence, int bytes) : ISendOutcome, IValueTaskSource<SendReceipt>
{
    // Asynchronously: what the sender does next must not hold up the provider, which has others to tell.
    private ManualResetValueTaskSourceCore<SendReceipt> _core = new() { RunContinuationsAsynchronously = true };

    public ValueTask<SendReceipt> Task => new(this, _core.Version);

    public void Decided(StreamPosition position, StreamException? error)
    {
        (error is null ? PipelineMeter.Sent : PipelineMeter.SendFailures).Add(1);
        queue.Remove(bytes);
        if (error is null)
        {
            _core.SetResult(new SendReceipt(position, sequence));
        }
        else
        {
            _core.SetException(error);
        }
    }

    public SendReceipt GetResult(short token) => _core.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
