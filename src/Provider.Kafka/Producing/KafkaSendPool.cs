namespace DashStream.Providers;

/// <summary>
/// The sends of one producer: knows all that are alive, and uses them again. Guarded by the ledger, except that anybody may <see cref="Return"/> at any time.
/// </summary>
internal sealed class KafkaSendPool
{
    private readonly List<KafkaSend> _all = [];
    private KafkaSend? _free;
    private KafkaSend? _returned;

    /// <summary>A send that is free.</summary>
    public KafkaSend Rent()
    {
        // All that were returned at once: taking them one by one could meet one that was taken and returned meanwhile.
        _free ??= Interlocked.Exchange(ref _returned, null);
        if (_free is not { } send)
        {
            send = new KafkaSend(this) { PoolIndex = _all.Count };
            _all.Add(send);
            return send;
        }

        _free = send.NextFree;
        send.NextFree = null;
        return send;
    }

    /// <summary>Takes back a send whose result was taken. Safe for concurrent use.</summary>
    public void Return(KafkaSend send)
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

    /// <summary>Lets go of a send that is not used again.</summary>
    public void Forget(KafkaSend send)
    {
        var last = _all[^1];
        _all[send.PoolIndex] = last;
        last.PoolIndex = send.PoolIndex;
        _all.RemoveAt(_all.Count - 1);
    }

    /// <summary>Looks at every send, free or not.</summary>
    public void ForEach(Action<KafkaSend> look) => _all.ForEach(look);
}
