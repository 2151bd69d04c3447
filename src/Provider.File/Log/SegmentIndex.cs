namespace DashStream.Providers;

/// <summary>An entry: a record that starts at <paramref name="Position"/>, and the newest time of all records of the segment before it.</summary>
internal readonly record struct IndexEntry(ulong Offset, long Position, long NewestBefore);

/// <summary>
/// Sparse index of one segment, from its start up to <see cref="Covered"/>; it grows as the segment is written or read on. Safe for concurrent use:
/// two who read on at once note the same records, and the second note changes nothing.
/// </summary>
internal sealed class SegmentIndex
{
    private readonly Lock _gate = new();
    private readonly int _intervalBytes;
    private readonly List<IndexEntry> _entries;
    private long _coveredPosition;
    private ulong _coveredOffset;
    private long _newest;

    public SegmentIndex(ulong baseOffset, int intervalBytes)
    {
        _intervalBytes = intervalBytes;
        _entries = [new IndexEntry(baseOffset, SegmentHeader.Bytes, 0)];
        _coveredPosition = SegmentHeader.Bytes;
        _coveredOffset = baseOffset;
    }

    /// <summary>An index that was stored.</summary>
    public SegmentIndex(int intervalBytes, List<IndexEntry> entries, IndexEntry end)
    {
        _intervalBytes = intervalBytes;
        _entries = entries;
        (_coveredOffset, _coveredPosition, _newest) = (end.Offset, end.Position, end.NewestBefore);
    }

    /// <summary>How far the index reaches: the next record, where it starts, and the newest time before it.</summary>
    public IndexEntry Covered
    {
        get
        {
            lock (_gate)
            {
                return new IndexEntry(_coveredOffset, _coveredPosition, _newest);
            }
        }
    }

    /// <summary>Takes note of a record. Ignored unless it is the next one.</summary>
    public void Note(ulong offset, long position, int size, long timestampUs)
    {
        lock (_gate)
        {
            NoteLocked(offset, position, size, timestampUs);
        }
    }

    /// <summary>Takes note of records that were just written.</summary>
    public void NoteAll(ReadOnlySpan<byte> records, long position)
    {
        lock (_gate)
        {
            while (!records.IsEmpty && position <= _coveredPosition)
            {
                var size = RecordFormat.SizeAt(records);
                NoteLocked(RecordFormat.OffsetOf(records), position, size, RecordFormat.TimeOf(records));
                position += size;
                records = records[size..];
            }
        }
    }

    /// <summary>Goes on behind damage that ends the covered part: <paramref name="offset"/> at <paramref name="position"/> is the next whole record.</summary>
    public void Skip(long damagedFrom, ulong offset, long position)
    {
        lock (_gate)
        {
            if (damagedFrom == _coveredPosition)
            {
                _entries.Add(new IndexEntry(offset, position, _newest));
                (_coveredOffset, _coveredPosition) = (offset, position);
            }
        }
    }

    /// <summary>The last entry whose key is not above the wanted one, where the key grows from entry to entry.</summary>
    public IndexEntry Floor(Func<IndexEntry, bool> isAbove)
    {
        lock (_gate)
        {
            var (low, high) = (0, _entries.Count - 1);
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                if (isAbove(_entries[middle]))
                {
                    high = middle - 1;
                }
                else
                {
                    low = middle;
                }
            }

            return _entries[low];
        }
    }

    public IndexEntry FloorOffset(ulong offset) => Floor(entry => entry.Offset > offset);

    public IndexEntry FloorPosition(long position) => Floor(entry => entry.Position > position);

    /// <summary>The last entry before which everything is older than that.</summary>
    public IndexEntry FloorTime(long timestampUs) => Floor(entry => entry.NewestBefore >= timestampUs);

    /// <summary>A copy to store.</summary>
    public (IndexEntry[] Entries, IndexEntry Covered) Snapshot()
    {
        lock (_gate)
        {
            return ([.. _entries], new IndexEntry(_coveredOffset, _coveredPosition, _newest));
        }
    }

    private void NoteLocked(ulong offset, long position, int size, long timestampUs)
    {
        if (position != _coveredPosition)
        {
            return;
        }

        if (position - _entries[^1].Position >= _intervalBytes)
        {
            _entries.Add(new IndexEntry(offset, position, _newest));
        }

        _newest = Math.Max(_newest, timestampUs);
        _coveredPosition = position + size;
        _coveredOffset = offset + 1;
    }
}
