namespace DashStream.Providers;

/// <summary>The last records of the partitions of a topic, up to where each ends. Not safe for concurrent use.</summary>
internal sealed class RecentRecords
{
    private const int MostRecords = 64;

    private readonly Dictionary<int, Tail> _tails = [];

    /// <summary>Something was appended that did not come here.</summary>
    public void Clear() => _tails.Clear();

    /// <summary>The partition holds nothing from there on.</summary>
    public void KnowEnd(int partition, UInt128 end)
    {
        if (!_tails.TryGetValue(partition, out var tail) || tail.End < end)
        {
            _tails[partition] = new Tail { End = end };
        }
    }

    /// <summary>The record was appended.</summary>
    public void Add(StreamRecord record)
    {
        var (partition, offset) = record.Position!.Value;
        if (!_tails.TryGetValue(partition, out var tail) || !RedisIds.IsNext(tail.End, offset))
        {
            _tails[partition] = tail = new Tail();
        }
        else if (tail.Records.Count == MostRecords)
        {
            tail.Records.RemoveRange(0, MostRecords / 2);
        }

        tail.Records.Add(record);
        tail.End = offset + 1;
    }

    /// <summary>The records from there on, none when there are none, and null where that is not known.</summary>
    public List<StreamRecord>? TryRead(int partition, UInt128 from, int maxRecords, int maxBytes)
    {
        if (!_tails.TryGetValue(partition, out var tail))
        {
            return null;
        }

        if (from >= tail.End)
        {
            return [];
        }

        var at = tail.Records.FindIndex(record => record.Position!.Value.Offset >= from);
        return at >= 0 && RedisIds.IsNext(from, tail.Records[at].Position!.Value.Offset) ? Take(tail.Records, at, maxRecords, maxBytes) : null;
    }

    private static List<StreamRecord> Take(List<StreamRecord> records, int at, int maxRecords, int maxBytes)
    {
        var taken = new List<StreamRecord>();
        for (long bytes = 0; at < records.Count && taken.Count < maxRecords; at++)
        {
            bytes += records[at].SizeBytes;
            if (taken.Count > 0 && bytes > maxBytes)
            {
                break;
            }

            taken.Add(records[at]);
        }

        return taken;
    }

    private sealed class Tail
    {
        public List<StreamRecord> Records { get; } = [];

        public UInt128 End { get; set; }
    }
}
