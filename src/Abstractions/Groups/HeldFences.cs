namespace DashStream.Groups;

/// <summary>
/// What this member holds, as seen by readers and commits: a fence for each partition that is ours, valid only while our session is. Safe for concurrent use
/// and without locks, so that a reader can ask for every batch, also right after the process was suspended.
/// </summary>
internal sealed class HeldFences(int partitions, TimeSpan sessionTimeout, TimeProvider time)
{
    private readonly long[] _fences = new long[partitions];
    private long _aliveAt;

    /// <summary>Whether the session is certainly over by our own monotonic clock: no heartbeat was accepted for that long.</summary>
    public bool HasExpired => time.GetElapsedTime(Volatile.Read(ref _aliveAt)) > sessionTimeout;

    /// <summary>Since when, on the monotonic clock, we are surely alive for everybody.</summary>
    public long AliveAt
    {
        get => Volatile.Read(ref _aliveAt);
        set => Volatile.Write(ref _aliveAt, value);
    }

    public bool Holds(int partition) => FenceOf(partition) != 0;

    /// <summary>The fence to commit with, or 0 when the partition is not ours (any more).</summary>
    public long FenceOf(int partition) =>
        (uint)partition < (uint)_fences.Length && Volatile.Read(ref _fences[partition]) is var fence && fence != 0 && !HasExpired ? fence : 0;

    /// <summary>The fence as it was given, whatever became of the session.</summary>
    public long GivenFence(int partition) => Volatile.Read(ref _fences[partition]);

    public void Set(int partition, long fence) => Volatile.Write(ref _fences[partition], fence);

    public void Drop(IEnumerable<int> partitions)
    {
        foreach (var partition in partitions)
        {
            Set(partition, 0);
        }
    }

    public void DropAll() => Drop(Enumerable.Range(0, _fences.Length));
}
