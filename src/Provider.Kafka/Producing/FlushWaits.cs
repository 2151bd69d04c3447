namespace DashStream.Providers;

/// <summary>Counts how a producer's sends ended, and knows the flushes that wait for them. Guarded by the <see cref="SendLedger"/>.</summary>
internal sealed class FlushWaits
{
    private readonly List<FlushWait> _waits = [];
    private List<FlushWait>? _reached;
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
        var wait = new FlushWait(before, undecided);
        _waits.Add(wait);
        return wait.Task;
    }

    /// <summary>Completes when the undecided records, behind which none comes any more, are decided; the receipt is left to somebody else.</summary>
    public Task DrainAsync(long undecided)
    {
        var wait = new FlushWait(long.MaxValue, undecided) { TakesReceipt = false };
        _waits.Add(wait);
        return wait.Task;
    }

    /// <summary>Some records of a call are decided. Who waited for them is to be told: see <see cref="TakeReached"/>.</summary>
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
                Reach(wait, wait.TakesReceipt ? TakeReceipt(pending: 0) : default);
            }
        }
    }

    /// <summary>A stop cut everything short: the waiting flushes get the same receipt.</summary>
    public FlushReceipt CutShort(long pending)
    {
        var receipt = TakeReceipt(pending);
        _waits.ForEach(wait => Reach(wait, receipt));
        _waits.Clear();
        return receipt;
    }

    /// <summary>Those whose waiting is over; whoever takes them completes them.</summary>
    public List<FlushWait>? TakeReached()
    {
        var reached = _reached;
        _reached = null;
        return reached;
    }

    private void Reach(FlushWait wait, FlushReceipt receipt)
    {
        wait.Receipt = receipt;
        (_reached ??= []).Add(wait);
    }
}
