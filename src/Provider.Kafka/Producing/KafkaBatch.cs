namespace DashStream.Providers;

/// <summary>The records of one batch call, with one completion for all. Results are set under the ledger's lock.</summary>
/// <param name="entries">What to send, in order.</param>
/// <param name="results">One for each record of the call; those of refused records are set.</param>
/// <param name="since">When the call was made, by the ledger's clock.</param>
internal sealed class KafkaBatch(IReadOnlyList<KafkaBatch.Entry> entries, SendResult[] results, long since)
{
    private readonly TaskCompletionSource<IReadOnlyList<SendResult>> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = entries.Count;

    public IReadOnlyList<Entry> Entries { get; } = entries;

    public long Since { get; } = since;

    /// <summary>Its number among the sends of the producer.</summary>
    public long Sequence { get; set; }

    /// <summary>How many entries were handed to librdkafka.</summary>
    public int HandedOver { get; set; }

    public Task<IReadOnlyList<SendResult>> Task => _completion.Task;

    public void Decide(int index, SendResult result)
    {
        results[index] = result;
        if (--_left == 0)
        {
            _completion.TrySetResult(results);
        }
    }

    /// <summary>A record of the call.</summary>
    /// <param name="Record">The record.</param>
    /// <param name="Size">Bytes it counts for.</param>
    /// <param name="Index">Its place in the call.</param>
    internal readonly record struct Entry(StreamRecord Record, int Size, int Index);
}
