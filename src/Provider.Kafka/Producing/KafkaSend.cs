namespace DashStream.Providers;

/// <summary>
/// One record on its way: what it counts for, and whether its sender still waits. Used again once librdkafka has reported and the sender has the outcome; one
/// that a deadline, a stop or a cancellation ended first is let go when the report has come.
/// </summary>
/// <param name="ledger">The ledger that it belongs to for good.</param>
internal abstract class KafkaSend(SendLedger ledger)
{
    /// <summary>The round of a send that no ledger waits for.</summary>
    private const int NotCounted = -1;

    private const int Waiting = 0;
    private const int Answered = 1;
    private const int Abandoned = 2;

    private byte[]? _key;
    private int _state = Answered;

    /// <summary>The next free one. Guarded by the <see cref="FreeSends{TSend}"/>.</summary>
    public KafkaSend? NextFree { get; set; }

    /// <summary>Its place among the sends that are alive. Guarded by the ledger.</summary>
    public int Place { get; set; }

    /// <summary>The ledger's round in which it was taken in. Guarded by the ledger.</summary>
    public int Round { get; private set; } = NotCounted;

    /// <summary>Its number among the sends of the producer. Guarded by the ledger.</summary>
    public long Sequence { get; private set; }

    /// <summary>Bytes it counts for. Guarded by the ledger.</summary>
    public int Size { get; private set; }

    /// <summary>Whether the ledger waits for it. Guarded by the ledger.</summary>
    public bool IsCounted => Round != NotCounted;

    protected SendLedger Ledger { get; } = ledger;

    /// <summary>Whether it may be used again when the sender has the outcome.</summary>
    protected bool IsAnswered => Volatile.Read(ref _state) == Answered;

    /// <summary>Begins to wait. Called under the ledger's lock.</summary>
    public void Begin(int size, long sequence, int round)
    {
        Size = size;
        Sequence = sequence;
        Round = round;
        Volatile.Write(ref _state, Waiting);
    }

    /// <summary>The ledger waits for it no longer. Called under the ledger's lock.</summary>
    public void Uncount() => Round = NotCounted;

    /// <summary>The record's key, for the hand-over that follows.</summary>
    public void GiveKey(byte[]? key) => _key = key;

    /// <summary>Gives the key away: from the hand-over on the report may come, and then nobody may touch this send.</summary>
    public byte[]? TakeKey()
    {
        var key = _key;
        _key = null;
        return key;
    }

    /// <summary>
    /// Takes what librdkafka reported; false when the waiting had ended before. After this the send may be in use again. Called under the ledger's lock.
    /// </summary>
    /// <param name="position">Where the record is.</param>
    /// <param name="error">Why it failed, else null.</param>
    /// <param name="outcome">Who is to be told when the lock is free; null when nobody is.</param>
    public bool TryAnswer(StreamPosition position, StreamException? error, out ISendOutcome? outcome)
    {
        outcome = null;
        if (!TryEnd(Answered))
        {
            return false;
        }

        outcome = Answer(position, error);
        return true;
    }

    /// <summary>Takes back a record that librdkafka did not take; false when the waiting had ended before. Called under the ledger's lock.</summary>
    public virtual bool TryTakeBack()
    {
        if (!TryEnd(Answered))
        {
            return false;
        }

        Recycle();
        return true;
    }

    /// <summary>Ends the waiting without a report: a deadline or a stop. Called under the ledger's lock; returns who is to be told when it is free.</summary>
    public ISendOutcome? Abandon(StreamException error) => TryAbandon() ? Fail(error) : null;

    /// <summary>Librdkafka told what became of the record. Runs on its poll thread.</summary>
    public void Report(int partition, long offset, Confluent.Kafka.Error error) => Ledger.Report(this, partition, offset, error);

    protected bool TryAbandon() => TryEnd(Abandoned);

    /// <summary>The outcome is known; the send is free as soon as its sender has it.</summary>
    protected abstract ISendOutcome? Answer(StreamPosition position, StreamException? error);

    /// <summary>The waiting ended early; the send is not used again.</summary>
    protected abstract ISendOutcome? Fail(StreamException error);

    /// <summary>Gives the send back.</summary>
    protected abstract void Recycle();

    private bool TryEnd(int state) => Interlocked.CompareExchange(ref _state, state, Waiting) == Waiting;
}
