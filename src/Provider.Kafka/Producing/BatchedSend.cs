namespace DashStream.Providers;

/// <summary>A send that is one of a <see cref="KafkaBatch"/>.</summary>
internal sealed class BatchedSend(SendLedger ledger, FreeSends<BatchedSend> free) : KafkaSend(ledger)
{
    private KafkaBatch? _batch;
    private int _index;

    /// <summary>Its place. Called under the ledger's lock, before it begins to wait.</summary>
    public void Join(KafkaBatch batch, int index)
    {
        _batch = batch;
        _index = index;
    }

    protected override ISendOutcome? Answer(StreamPosition position, StreamException? error)
    {
        _batch!.Decide(_index, error is null ? SendResult.Stored(position) : SendResult.Failed(error));
        Recycle();
        return null;
    }

    protected override ISendOutcome? Fail(StreamException error)
    {
        _batch!.Decide(_index, SendResult.Failed(error));
        return null;
    }

    protected override void Recycle()
    {
        _batch = null;
        free.PutBack(this);
    }
}
