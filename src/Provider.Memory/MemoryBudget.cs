namespace DashStream.Providers;

/// <summary>The bytes that all topics of a store share. Safe for concurrent use.</summary>
internal sealed class MemoryBudget(long limit)
{
    /// <summary>What a record costs beside its key, value and headers: roughly the objects that hold it.</summary>
    public const int RecordOverhead = 128;

    private long _used;

    public long Limit => limit;

    public long Used => Volatile.Read(ref _used);

    /// <summary>Reserves, or says by how much it does not fit.</summary>
    public long Reserve(long bytes)
    {
        var missing = Interlocked.Add(ref _used, bytes) - limit;
        if (missing <= 0)
        {
            return 0;
        }

        Release(bytes);
        return missing;
    }

    public void Release(long bytes) => Interlocked.Add(ref _used, -bytes);

    public static long CostOf(long sizeBytes, long records) => sizeBytes + (records * RecordOverhead);
}
