namespace DashStream.Providers;

/// <summary>The sends of one kind that may be used again. Guarded by the ledger, except that anybody may <see cref="Return"/> at any time.</summary>
internal sealed class FreeSends<TSend>
    where TSend : KafkaSend
{
    private KafkaSend? _free;
    private KafkaSend? _returned;

    /// <summary>A send that is free; null when there is none.</summary>
    public TSend? Take()
    {
        // All that were returned at once: taking them one by one could meet one that was taken and returned meanwhile.
        _free ??= Volatile.Read(ref _returned) is null ? null : Interlocked.Exchange(ref _returned, null);
        if (_free is not { } send)
        {
            return null;
        }

        _free = send.NextFree;
        send.NextFree = null;
        return (TSend)send;
    }

    /// <summary>Takes a send back under the ledger's lock.</summary>
    public void PutBack(TSend send)
    {
        send.NextFree = _free;
        _free = send;
    }

    /// <summary>Takes a send back. Safe for concurrent use.</summary>
    public void Return(TSend send)
    {
        var head = Volatile.Read(ref _returned);
        while (true)
        {
            send.NextFree = head;
            var seen = Interlocked.CompareExchange(ref _returned, send, head);
            if (ReferenceEquals(seen, head))
            {
                return;
            }

            head = seen;
        }
    }
}
