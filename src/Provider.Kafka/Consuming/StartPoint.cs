namespace DashStream.Providers;

/// <summary>Where reading begins in a partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The first offset to fetch.</param>
/// <param name="CommittedNext">The offset behind the last record that is committed, or -1 without a commit.</param>
/// <param name="GapFrom">Where reading should have begun, when the log no longer holds it; else -1.</param>
/// <param name="Fault">Why there is nowhere to begin until somebody seeks, or null.</param>
internal readonly record struct StartPoint(int Partition, long Offset, long CommittedNext = -1, long GapFrom = -1, StreamException? Fault = null);
