namespace DashStream;

/// <summary>What one read returned. Records of one partition are in order; gaps tell what the log no longer held.</summary>
/// <param name="Records">The records; empty when the wait ended first.</param>
/// <param name="Gaps">Ranges that the reader was to read and that are gone; each lies before the records of its partition in this batch.</param>
public readonly record struct StreamBatch(IReadOnlyList<StreamRecord> Records, IReadOnlyList<StreamGap> Gaps)
{
    /// <summary>Nothing read, nothing missing.</summary>
    public static StreamBatch Empty { get; } = new([], []);
}

/// <summary>A range of one partition that was removed (trimmed, expired, cut after damage) before this reader came to it.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="From">The offset at which reading should have gone on.</param>
/// <param name="To">The oldest offset that is left: reading goes on here.</param>
public readonly record struct StreamGap(int Partition, UInt128 From, UInt128 To);
