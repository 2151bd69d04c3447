namespace DashStream.Stores;

/// <summary>Bytes that a producer holds and that are not stored yet, over all of its queues. Safe for concurrent use.</summary>
internal sealed class PendingRoom
{
    private long _bytes;

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Takes room, or gives it back.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
