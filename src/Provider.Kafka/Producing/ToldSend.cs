namespace DashStream.Providers;

/// <summary>A send whose outcome is told by a call.</summary>
internal sealed class ToldSend(SendLedger ledger, FreeSends<ToldSend> free) : KafkaSend(ledger)
{
    private ISendOutcome? _outcome;

    /// <summary>Who is told. Called under the ledger's lock, before it begins to wait.</summary>
    public void Tell(ISendOutcome outcome) => _outcome = outcome;

    protected override ISendOutcome? Answer(StreamPosition position, StreamException? error)
    {
        var outcome = _outcome;
        Recycle();
        return outcome;
    }

    protected override ISendOutcome? Fail(StreamException error) => _outcome;

    protected override void Recycle()
    {
        _outcome = null;
        free.PutBack(this);
    }
}
