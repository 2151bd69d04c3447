namespace DashStream.Cli.Parsing;

/// <summary>The partitions to read and where the log ended when reading began, so that reading ends although others go on writing.</summary>
internal sealed class LogBounds
{
    private readonly Dictionary<int, PartitionBounds> _bounds;
    private readonly HashSet<int> _open;

    public LogBounds(IEnumerable<PartitionDescription> partitions)
    {
        _bounds = partitions.ToDictionary(partition => partition.Partition, partition => partition.Bounds);
        _open = [.. _bounds.Where(pair => pair.Value.Begin != pair.Value.End).Select(pair => pair.Key)];
    }

    /// <summary>The partitions, ascending.</summary>
    public IReadOnlyList<int> Partitions => [.. _bounds.Keys.Order()];

    /// <summary>Whether every partition was read up to its end.</summary>
    public bool AllReached => _open.Count == 0;

    /// <summary>Whether a record lies behind the end: somebody wrote it after reading began.</summary>
    public bool IsBehind(StreamPosition position) => position.Offset >= _bounds[position.Partition].End;

    /// <summary>Says where reading of a partition goes on.</summary>
    public void Reached(int partition, UInt128 next)
    {
        if (_bounds.TryGetValue(partition, out var bounds) && next >= bounds.End)
        {
            _open.Remove(partition);
        }
    }

    /// <summary>The partitions that are not at their end yet, ascending.</summary>
    public IReadOnlyList<int> Open => [.. _open.Order()];

    /// <summary>Waits for these no longer.</summary>
    public void Leave(IEnumerable<int> partitions) => _open.ExceptWith(partitions);

    /// <summary>Says what a group has committed; a partition without lag is at its end, whatever its last offset is.</summary>
    public void Committed(GroupPartition partition)
    {
        if (partition.Lag == 0)
        {
            _open.Remove(partition.Partition);
        }
        else if (partition.Committed is { } committed)
        {
            Reached(partition.Partition, committed + 1);
        }
    }
}
