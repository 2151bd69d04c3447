namespace DashStream.Providers;

/// <summary>Counts how a producer's sends ended, and completes the flushes that wait for them. Guarded by the <see cref="SendLedger"/>.</summary>
internal sealed class FlushWaits
{
    private readonly List<Wait> _waits = [];
    private long _stored;
    private long _failed;

    public void CountFailed(int records) => _failed += records;

    /// <summary>How the sends since the last receipt ended; the count starts anew.</summary>
    public FlushReceipt TakeReceipt(long pending)
    {
        var receipt = new FlushReceipt(_stored, _failed, pending);
        _stored = _failed = 0;
        return receipt;
    }

    /// <summary>Completes when the undecided records, all numbered below <paramref name="before"/>, are decided.</summary>
    public Task<FlushReceipt> WaitAsync(long before, long undecided)
    {
        var wait = new Wait(before) { Left = undecided };
        _waits.Add(wait);
        return wait.Completion.Task;
    }

    /// <summary>Some records of a call are decided.</summary>
    public void Settle(long sequence, int stored, int failed)
    {
        _stored += stored;
        _failed += failed;
        for (var i = 0; i < _waits.Count; i++)
        {
            var wait = _waits[i];
            if (sequence < wait.Before && (wait.Left -= stored + failed) == 0)
            {
                _waits.RemoveAt(i--);
                wait.Completion.TrySetResult(TakeReceipt(pending: 0));
            }
        }
    }

    /// <summary>A stop cut everything short: the waiting flushes get the same receipt.</summary>
    public FlushReceipt CutShort(long pending)
    {
        var receipt = TakeReceipt(pending);
        _waits.ForEach(wait => wait.Completion.TrySetResult(receipt));
        _waits.Clear();
        return receipt;
    }

    private sealed class Wait(long before)
    {
        public TaskCompletionSource<FlushReceipt> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Before { get; } = before;

        public long Left { get; set; }
    }
}
