namespace DashStream.Providers;

/// <summary>What goes from the partitions of a topic, and when. Called under the gate of its <see cref="MemoryTopic"/>.</summary>
internal sealed class MemoryRetention(TopicSpec spec, long maxRecords, MemoryBudget budget, TimeProvider time)
{
    private const int DropAtOnce = 64;

    /// <summary>Removes what is too old or too much; returns how many records went.</summary>
    public long Apply(MemoryPartition log)
    {
        var before = log.Begin;
        if (spec.RetentionAge is { } age)
        {
            var cutoff = (time.GetUtcNow() - age - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
            while (log.Count > 0 && log.OldestTimestampUs() < cutoff)
            {
                Remove(log, log.Begin + 1);
            }
        }

        LimitBytes(log);
        return log.Begin - before;
    }

    /// <summary>Removes what one record more made too much.</summary>
    public void Limit(MemoryPartition log)
    {
        if (log.Count > maxRecords)
        {
            Remove(log, log.Begin + 1);
        }

        LimitBytes(log);
    }

    /// <summary>Removes the oldest of the largest partitions until so many bytes of the budget are free. False when there is nothing left to remove.</summary>
    public bool DropOldest(IReadOnlyList<MemoryPartition> partitions, long missing)
    {
        var before = budget.Used;
        while (before - budget.Used < missing)
        {
            var largest = partitions.MaxBy(static log => log.Bytes + log.Count)!;
            if (largest.Count == 0)
            {
                return false;
            }

            Remove(largest, Math.Min(largest.End, largest.Begin + DropAtOnce));
        }

        return true;
    }

    /// <summary>Removes everything before that offset.</summary>
    public void Remove(MemoryPartition log, long before)
    {
        var records = Math.Max(0, before - log.Begin);
        budget.Release(MemoryBudget.CostOf(log.Trim(before), records));
    }

    private void LimitBytes(MemoryPartition log)
    {
        while (log.Bytes > spec.RetentionBytes && log.Count > 1)
        {
            Remove(log, log.Begin + 1);
        }
    }
}
