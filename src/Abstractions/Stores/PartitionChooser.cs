namespace DashStream.Stores;

/// <summary>Which partition a record goes to: the one it names, that of its key, or the next in turn. Safe for concurrent use.</summary>
internal sealed class PartitionChooser
{
    // Records without a key go on to the next partition after so many: few enough to spread, enough to fill a step of the store.
    private const int KeylessRun = 16;

    private readonly int _count;
    private readonly int? _only;
    private readonly KeyHash _hash;
    private uint _keyless;

    public PartitionChooser(int count, KeyHash hash, Random random)
    {
        (_count, _hash) = (count, hash);
        _keyless = (uint)random.Next(count) * KeylessRun;
    }

    /// <summary>Says the same of every record.</summary>
    public PartitionChooser(int only) => _only = only;

    /// <summary>The partition; a target that a record names is not checked.</summary>
    public int Choose(StreamRecord record)
    {
        if (_only is { } only)
        {
            return only;
        }

        if (record.TargetPartition is { } target)
        {
            return target;
        }

        return record.Key.IsEmpty
            ? (int)(Interlocked.Increment(ref _keyless) / KeylessRun % (uint)_count)
            : KeyPartitioner.PartitionOf(record.Key.Span, _count, _hash);
    }
}
