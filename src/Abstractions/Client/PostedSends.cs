using DashStream.Telemetry;

namespace DashStream.Client;

/// <summary>Sends that nobody awaits: bounded, and counted where they are dropped. Thread-safe.</summary>
internal sealed class PostedSends(int most)
{
    private readonly Undecided _undecided = new();
    private long _dropped;

    /// <summary>Starts a send unless too many are undecided; false when the message is known to be dropped.</summary>
    public bool TryStart(Func<ValueTask<SendReceipt>> send)
    {
        if (_undecided.Count >= most)
        {
            Drop("queue_full");
            return false;
        }

        var ended = ObserveAsync(_undecided.Begin(), send);
        return !ended.IsCompletedSuccessfully || ended.Result;
    }

    /// <summary>Completes when every post until now is decided.</summary>
    public Task WhenEnded() => _undecided.WhenEnded();

    /// <summary>How many were dropped since the last look.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    private async Task<bool> ObserveAsync(Undecided.Era era, Func<ValueTask<SendReceipt>> send)
    {
        try
        {
            await send().ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is StreamException or OperationCanceledException or ArgumentException)
        {
            Drop(e is StreamException { Kind: var kind } ? kind.ToString() : "refused");
            return false;
        }
        finally
        {
            _undecided.End(era);
        }
    }

    private void Drop(string reason)
    {
        Interlocked.Increment(ref _dropped);
        PipelineMeter.PostsDropped.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }
}
