namespace DashStream.Stores;

/// <summary>
/// One call to a producer whose records wait to be decided. What is set here is guarded by the gate of the <see cref="AppendQueue"/>, except for
/// <see cref="Release"/>, which is called without it.
/// </summary>
internal abstract class PendingAppend
{
    /// <summary>Number of records that were taken on.</summary>
    public abstract int Count { get; }

    /// <summary>Sum of their sizes.</summary>
    public abstract long SizeBytes { get; }

    /// <summary>Whether the call may wait for room; otherwise it is refused.</summary>
    public abstract bool MayWait { get; }

    /// <summary>Whether every record was handed to the writer.</summary>
    public abstract bool IsTaken { get; }

    /// <summary>When the call came, as a timestamp of the clock.</summary>
    public long Started { get; set; }

    /// <summary>The first record's number among all of the producer's.</summary>
    public long FirstSequence { get; set; }

    /// <summary>Whether there was no room when it came: then its time-out counts from the queue's last progress.</summary>
    public bool WaitsForRoom { get; set; }

    /// <summary>Whether a deadline or a stop decided what was left of it, so that the writer leaves it alone. Never goes back to false.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Records that are neither stored nor failed.</summary>
    public int Undecided { get; set; }

    /// <summary>Bytes of those.</summary>
    public long UndecidedBytes { get; set; }

    /// <summary>Hands the next records to the writer, as many as fit the chunk. False when none did.</summary>
    public abstract bool TryTake(AppendChunk chunk);

    /// <summary>Notes where a record lies.</summary>
    public abstract void Store(int index, StreamPosition position);

    /// <summary>Notes why a record was not stored.</summary>
    public abstract void Fail(int index, StreamException error);

    /// <summary>Fails everything that is undecided, wherever it is now.</summary>
    public void End(StreamException error)
    {
        IsOver = true;
        FailUndecided(error);
    }

    /// <summary>Gives the caller its answer.</summary>
    public abstract void Release();

    protected abstract void FailUndecided(StreamException error);

    protected void Begin()
    {
        Undecided = Count;
        UndecidedBytes = SizeBytes;
        WaitsForRoom = false;
    }
}
