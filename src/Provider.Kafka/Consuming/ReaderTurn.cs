namespace DashStream.Providers;

/// <summary>What one read takes out of the partitions, in turn, so that none waits for another. Guarded by the <see cref="FetchBuffer"/>.</summary>
internal sealed class ReaderTurn
{
    private readonly List<StreamRecord> _taken = [];
    private StreamException? _told;
    private int _lastServed;

    /// <summary>Bytes that the last <see cref="Take"/> took out.</summary>
    public long TakenBytes { get; private set; }

    /// <summary>Has the next read throw an error, once.</summary>
    public void Tell(StreamException error) => _told = error;

    /// <summary>Takes what a read may return; empty when there is nothing.</summary>
    /// <exception cref="StreamException">A partition has nowhere to go on, or something was told.</exception>
    public StreamBatch Take(IReadOnlyList<FetchedPartition> partitions, int mostRecords, int mostBytes)
    {
        TakenBytes = 0;
        ThrowTold();
        var room = new BatchRoom(mostRecords, mostBytes);
        List<StreamGap>? gaps = null;
        FetchedPartition? stuck = null;
        for (var i = 0; i < partitions.Count && !room.IsFull; i++)
        {
            var partition = partitions[(_lastServed + 1 + i) % partitions.Count];
            if (partition.IsReadable)
            {
                TakeFrom(partition, room, ref gaps);
                stuck = partition is { Fault: not null, Records.Count: 0 } && stuck is null or { FaultTold: true } ? partition : stuck;
            }
        }

        _lastServed = partitions.Count == 0 ? 0 : (_lastServed + 1) % partitions.Count;
        if (_taken.Count == 0 && gaps is null)
        {
            return stuck is null ? StreamBatch.Empty : throw FaultOf(stuck);
        }

        if (stuck is { FaultTold: false })
        {
            // What was read comes first; the next read tells the error.
            _told = FaultOf(stuck);
        }

        var records = _taken.ToArray();
        _taken.Clear();
        return new StreamBatch(records, gaps is null ? [] : gaps);
    }

    private void TakeFrom(FetchedPartition partition, BatchRoom room, ref List<StreamGap>? gaps)
    {
        var first = _taken.Count;
        while (!room.IsFull)
        {
            var hasRecord = partition.Records.TryPeek(out var record);
            if (partition.Gaps.TryPeek(out var gap) && (!hasRecord || record.Position.Offset >= gap.To))
            {
                if (_taken.Count > first)
                {
                    // A gap stands before the records of its partition in a batch: this one waits for the next.
                    return;
                }

                (gaps ??= []).Add(partition.Gaps.Dequeue());
                partition.Next = (long)gap.To;
                continue;
            }

            if (!hasRecord || !room.Takes(record.Size))
            {
                break;
            }

            partition.Records.Dequeue();
            partition.Bytes -= record.Size;
            TakenBytes += record.Size;
            partition.Next = record.Offset + 1;
            _taken.Add(record.Record);
        }

        if (partition.Records.Count == 0 && partition.Gaps.Count == 0 && partition.Fault is null)
        {
            partition.Next = partition.Fetched;
        }
    }

    private static StreamException FaultOf(FetchedPartition partition)
    {
        partition.FaultTold = true;
        return new StreamException(partition.Fault!.Kind, partition.Fault.Message, partition.Fault);
    }

    private void ThrowTold()
    {
        if (_told is { } told)
        {
            _told = null;
            throw told;
        }
    }
}
