namespace DashStream.Providers;

/// <summary>All sends of one producer that are alive, in use or free to be used again, each kind for itself. Guarded by the ledger.</summary>
internal sealed class LiveSends(SendLedger ledger)
{
    private readonly List<KafkaSend> _all = [];
    private readonly FreeSends<AwaitedSend> _awaited = new();
    private readonly FreeSends<BatchedSend> _batched = new();
    private readonly FreeSends<ToldSend> _told = new();

    public AwaitedSend RentAwaited() => _awaited.Take() ?? Added(new AwaitedSend(ledger, _awaited));

    public BatchedSend RentBatched() => _batched.Take() ?? Added(new BatchedSend(ledger, _batched));

    public ToldSend RentTold() => _told.Take() ?? Added(new ToldSend(ledger, _told));

    /// <summary>Lets go of a send that is not used again.</summary>
    public void Forget(KafkaSend send)
    {
        var last = _all[^1];
        _all[send.Place] = last;
        last.Place = send.Place;
        _all.RemoveAt(_all.Count - 1);
    }

    /// <summary>Looks at every send, free or not.</summary>
    public void ForEach(Action<KafkaSend> look) => _all.ForEach(look);

    private TSend Added<TSend>(TSend send)
        where TSend : KafkaSend
    {
        send.Place = _all.Count;
        _all.Add(send);
        return send;
    }
}
