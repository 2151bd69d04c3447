namespace DashStream.Stores;

/// <summary>Where reading goes on in one partition for as long as it is ours. Guarded by its <see cref="CursorTable"/>.</summary>
internal sealed class PartitionCursor(int partition, UInt128 start, StreamException? fault)
{
    public int Partition { get; } = partition;

    /// <summary>Where this reader began: what is not done is counted from here while nothing is committed.</summary>
    public UInt128 Start { get; } = start;

    /// <summary>Where the next read goes on.</summary>
    public UInt128 Next { get; set; } = start;

    /// <summary>Why there is nowhere to go on until somebody seeks, or null.</summary>
    public StreamException? Fault { get; set; } = fault;

    /// <summary>Changes with every seek: what was read from before does not count.</summary>
    public int Epoch { get; set; }

    /// <summary>Whether the listener's call about the assignment has ended and none about a revoke has begun.</summary>
    public bool IsActive { get; set; }

    public bool IsPaused { get; set; }

    /// <summary>When the log's bounds were last compared with the cursor; touched by the reader only.</summary>
    public long ComparedAt { get; set; }
}

/// <summary>A cursor as a read found it.</summary>
/// <param name="Cursor">The cursor.</param>
/// <param name="From">Where it stood.</param>
/// <param name="Epoch">Its epoch then.</param>
internal readonly record struct CursorMark(PartitionCursor Cursor, UInt128 From, int Epoch);

/// <summary>What a read brought from one partition.</summary>
/// <param name="Mark">The cursor it started from.</param>
/// <param name="Records">The store's page.</param>
/// <param name="Count">How many of them fit into the batch.</param>
/// <param name="Gap">What the log no longer held, or null.</param>
internal readonly record struct CursorPage(CursorMark Mark, IReadOnlyList<StreamRecord> Records, int Count, StreamGap? Gap);
