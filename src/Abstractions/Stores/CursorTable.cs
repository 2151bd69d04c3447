using DashStream.Groups;

namespace DashStream.Stores;

/// <summary>
/// The partitions that this consumer reads, with their cursors. Everything that decides what a read may return (revoke, pause, seek) and the read's own last
/// step meet under one lock here, so that none is half seen. Safe for concurrent use.
/// </summary>
/// <param name="holds">Whether the partition is still ours at this moment.</param>
internal sealed class CursorTable(Func<int, bool> holds)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, PartitionCursor> _cursors = [];
    private readonly ChangeSignal _changed = new();

    /// <summary>Completes when something changes that a waiting read must look at.</summary>
    public Task Changed => _changed.Next;

    /// <summary>The partitions that are ours, ascending.</summary>
    public IReadOnlyList<int> Partitions
    {
        get
        {
            lock (_gate)
            {
                return [.. _cursors.Keys.Where(holds)];
            }
        }
    }

    public IReadOnlyList<PartitionCursor> Cursors
    {
        get
        {
            lock (_gate)
            {
                return [.. _cursors.Values.Where(cursor => holds(cursor.Partition))];
            }
        }
    }

    public void Wake() => _changed.Set();

    /// <summary>Takes partitions in; nothing is read from them until <see cref="Activate"/>.</summary>
    public void Add(IEnumerable<PartitionCursor> cursors)
    {
        lock (_gate)
        {
            foreach (var cursor in cursors)
            {
                _cursors[cursor.Partition] = cursor;
            }
        }
    }

    public void Activate(IReadOnlyCollection<int> partitions) => Change(partitions, static cursor => cursor.IsActive = true);

    /// <summary>From now on no read returns anything of these partitions; they can still be committed.</summary>
    public void Deactivate(IReadOnlyCollection<int> partitions) => Change(partitions, static cursor => cursor.IsActive = false);

    public void Pause(IReadOnlyCollection<int> partitions) => Change(partitions, static cursor => cursor.IsPaused = true);

    public void Resume(IReadOnlyCollection<int> partitions) => Change(partitions, static cursor => cursor.IsPaused = false);

    /// <summary>Forgets partitions; returns those that were there.</summary>
    public IReadOnlyList<int> Remove(IReadOnlyCollection<int> partitions)
    {
        List<int> removed;
        lock (_gate)
        {
            removed = [.. partitions.Where(_cursors.Remove)];
        }

        Wake();
        return removed;
    }

    /// <summary>The cursor of a partition that is ours, or null.</summary>
    public PartitionCursor? Find(int partition)
    {
        lock (_gate)
        {
            return holds(partition) ? _cursors.GetValueOrDefault(partition) : null;
        }
    }

    /// <summary>Moves a cursor; false when it is not ours any more.</summary>
    public bool TryMove(PartitionCursor cursor, UInt128 to)
    {
        lock (_gate)
        {
            if (!IsOurs(cursor))
            {
                return false;
            }

            cursor.Next = to;
            cursor.Fault = null;
            cursor.Epoch++;
        }

        Wake();
        return true;
    }

    /// <summary>What may be read now, beginning behind the partition that was served last.</summary>
    /// <exception cref="StreamException">The next one in turn has nowhere to go on.</exception>
    public List<CursorMark> MarkReadable(int lastServed)
    {
        lock (_gate)
        {
            var marks = new List<CursorMark>(_cursors.Count);
            marks.AddRange(_cursors.Values.Where(IsReadable).Select(static cursor => new CursorMark(cursor, cursor.Next, cursor.Epoch)));
            var first = marks.FindIndex(mark => mark.Cursor.Partition > lastServed);
            return first <= 0 ? marks : [.. marks[first..], .. marks[..first]];
        }
    }

    /// <summary>Whether a cursor still stands where a read found it, and may be read.</summary>
    public bool IsCurrent(CursorMark mark)
    {
        lock (_gate)
        {
            return IsReadable(mark.Cursor) && mark.Cursor.Epoch == mark.Epoch;
        }
    }

    /// <summary>
    /// The last step of a read: moves the cursors behind the pages and returns the batch. A page whose partition was revoked, lost, paused or moved
    /// meanwhile is dropped.
    /// </summary>
    public StreamBatch Deliver(List<CursorPage> pages)
    {
        lock (_gate)
        {
            pages.RemoveAll(page => !IsReadable(page.Mark.Cursor) || page.Mark.Cursor.Epoch != page.Mark.Epoch);
            var gaps = new List<StreamGap>();
            foreach (var page in pages)
            {
                if (page.Gap is { } gap)
                {
                    gaps.Add(gap);
                    page.Mark.Cursor.Next = gap.To;
                }

                if (page.Count > 0)
                {
                    page.Mark.Cursor.Next = page.Records[page.Count - 1].Position!.Value.Offset + 1;
                }
            }

            return new StreamBatch(Join(pages), gaps);
        }
    }

    private static IReadOnlyList<StreamRecord> Join(List<CursorPage> pages)
    {
        if (pages is [var only] && only.Count == only.Records.Count)
        {
            return only.Records;
        }

        var records = new List<StreamRecord>(pages.Sum(static page => page.Count));
        foreach (var page in pages)
        {
            for (var i = 0; i < page.Count; i++)
            {
                records.Add(page.Records[i]);
            }
        }

        return records;
    }

    private void Change(IReadOnlyCollection<int> partitions, Action<PartitionCursor> change)
    {
        lock (_gate)
        {
            foreach (var partition in partitions)
            {
                if (_cursors.TryGetValue(partition, out var cursor))
                {
                    change(cursor);
                }
            }
        }

        Wake();
    }

    private bool IsReadable(PartitionCursor cursor) => cursor is { IsActive: true, IsPaused: false } && IsOurs(cursor);

    private bool IsOurs(PartitionCursor cursor) =>
        _cursors.TryGetValue(cursor.Partition, out var current) && ReferenceEquals(current, cursor) && holds(cursor.Partition);
}
