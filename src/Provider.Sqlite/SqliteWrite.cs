namespace DashStream.Providers;

/// <summary>One unit of writing, atomic by itself or together with its neighbours. Taken by the writer or cancelled, never both.</summary>
internal abstract class SqliteWrite
{
    private const int Waiting = 0;
    private const int Taken = 1;
    private const int Cancelled = 2;
    private int _state = Waiting;

    /// <summary>Bytes that it is going to write, roughly: bounds what one transaction holds.</summary>
    public virtual long SizeBytes => 0;

    /// <summary>Whether it needs a transaction, or only that the database is open.</summary>
    public virtual bool NeedsTransaction => true;

    /// <summary>
    /// Does the work inside a transaction. May be called again when the transaction failed. A <see cref="StreamException"/> means that this
    /// write cannot be done and has changed nothing; its neighbours go on.
    /// </summary>
    public abstract void Execute(SqliteSession session);

    /// <summary>Gives the caller the outcome: that of <see cref="Execute"/>, or the error of the transaction.</summary>
    public abstract void Complete(Exception? error);

    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Waiting) == Waiting;

    /// <summary>Takes it back before the writer comes to it.</summary>
    protected bool TryCancel() => Interlocked.CompareExchange(ref _state, Cancelled, Waiting) == Waiting;
}
