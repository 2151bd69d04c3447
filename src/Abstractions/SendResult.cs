namespace DashStream;

/// <summary>The outcome of one record of a batch: a position or an error, never both.</summary>
public readonly struct SendResult
{
    private SendResult(StreamPosition position, StreamException? error)
    {
        Position = position;
        Error = error;
    }

    /// <summary>Whether the record is stored with the provider's declared durability.</summary>
    public bool IsStored => Error is null;

    /// <summary>Where it was stored; meaningless when <see cref="IsStored"/> is false.</summary>
    public StreamPosition Position { get; }

    /// <summary>Why it was not (or not provably) stored, or null.</summary>
    public StreamException? Error { get; }

    /// <summary>A stored record.</summary>
    public static SendResult Stored(StreamPosition position) => new(position, null);

    /// <summary>A record that is not known to be stored.</summary>
    public static SendResult Failed(StreamException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new SendResult(default, error);
    }
}

/// <summary>What a flush found: how the sends since the previous flush ended.</summary>
/// <param name="Stored">Records stored.</param>
/// <param name="Failed">Records whose send ended with an error, which their callers were given.</param>
/// <param name="Pending">Records still undecided: 0 unless the flush was cut short by a stop.</param>
public readonly record struct FlushReceipt(long Stored, long Failed, long Pending)
{
    /// <summary>Posted messages (<see cref="DashStreamProducer.Post"/>) that are not known to be stored; those that failed after the hand-over count in
    /// <see cref="Failed"/> too.</summary>
    public long Dropped { get; init; }
}
