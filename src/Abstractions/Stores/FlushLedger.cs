namespace DashStream.Stores;

/// <summary>Counts how a producer's sends ended, and completes the flushes that wait for them. Guarded by the gate of the <see cref="AppendQueue"/>.</summary>
internal sealed class FlushLedger
{
    private readonly List<Flush> _waiting = [];
    private long _stored;
    private long _failed;

    public void CountStored(int records) => _stored += records;

    public void CountFailed(int records) => _failed += records;

    /// <summary>How the sends since the last receipt ended; the count starts anew.</summary>
    public FlushReceipt TakeReceipt()
    {
        var receipt = new FlushReceipt(_stored, _failed, Pending: 0);
        _stored = _failed = 0;
        return receipt;
    }

    /// <summary>Completes when the undecided records, all numbered below <paramref name="before"/>, are decided.</summary>
    public Task<FlushReceipt> WaitAsync(long before, long undecided)
    {
        var flush = new Flush(before) { Left = undecided };
        _waiting.Add(flush);
        return flush.Completion.Task;
    }

    /// <summary>Some records of a call are decided; they were counted before.</summary>
    public void Settle(long sequence, int records)
    {
        for (var i = 0; i < _waiting.Count; i++)
        {
            var flush = _waiting[i];
            if (sequence < flush.Before && (flush.Left -= records) == 0)
            {
                _waiting.RemoveAt(i--);
                flush.Completion.TrySetResult(TakeReceipt());
            }
        }
    }

    /// <summary>A stop cut everything short: the waiting flushes get the same receipt.</summary>
    public FlushReceipt CutShort(long pending)
    {
        var receipt = TakeReceipt() with { Pending = pending };
        _waiting.ForEach(flush => flush.Completion.TrySetResult(receipt));
        _waiting.Clear();
        return receipt;
    }

    private sealed class Flush(long before)
    {
        public TaskCompletionSource<FlushReceipt> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Before { get; } = before;

        public long Left { get; set; }
    }
}
