namespace DashStream.Sequencing;

/// <summary>
/// Turns out-of-order completion in one partition into a cumulative commit: the watermark never passes a record that is not done. One tracker lives for one
/// assignment; a closed one ignores whatever comes late. Thread-safe.
/// </summary>
internal sealed class PartitionTracker(int partition)
{
    private const int InitialCapacity = 256;

    private readonly Lock _gate = new();
    private Entry[] _ring = new Entry[InitialCapacity];
    private long _head;
    private long _tail;
    private UInt128? _watermark;
    private bool _dirty;
    private volatile bool _closed;

    public int Partition { get; } = partition;

    /// <summary>Set when the partition is no longer ours: queued records are dropped, late completions ignored.</summary>
    public bool IsClosed => _closed;

    /// <summary>Records taken in and not yet passed by the watermark.</summary>
    public long Pending
    {
        get
        {
            lock (_gate)
            {
                return _tail - _head;
            }
        }
    }

    /// <summary>Takes in the next record; offsets must grow. The ticket is for <see cref="Complete"/>.</summary>
    public long Add(UInt128 offset)
    {
        lock (_gate)
        {
            if (_tail - _head == _ring.Length)
            {
                Grow();
            }

            _ring[_tail & (_ring.Length - 1)] = new Entry { Offset = offset };
            return _tail++;
        }
    }

    /// <summary>The record is done. Doing it twice is harmless.</summary>
    public void Complete(long ticket)
    {
        lock (_gate)
        {
            if (_closed || ticket < _head)
            {
                return;
            }

            _ring[ticket & (_ring.Length - 1)].Done = true;
            while (_head < _tail && _ring[_head & (_ring.Length - 1)].Done)
            {
                _watermark = _ring[_head & (_ring.Length - 1)].Offset;
                _dirty = true;
                _head++;
            }
        }
    }

    /// <summary>The position to commit, if it moved since the last take.</summary>
    public bool TryTakeCommit(out StreamPosition position)
    {
        lock (_gate)
        {
            position = _watermark is { } offset ? new StreamPosition(Partition, offset) : default;
            var moved = _dirty;
            _dirty = false;
            return moved;
        }
    }

    /// <summary>A commit did not happen: it is due again.</summary>
    public void CommitFailed()
    {
        lock (_gate)
        {
            _dirty = _watermark is not null;
        }
    }

    public void Close() => _closed = true;

    private void Grow()
    {
        var larger = new Entry[_ring.Length * 2];
        for (var i = _head; i < _tail; i++)
        {
            larger[i & (larger.Length - 1)] = _ring[i & (_ring.Length - 1)];
        }

        _ring = larger;
    }

    private struct Entry
    {
        public UInt128 Offset;
        public bool Done;
    }
}
