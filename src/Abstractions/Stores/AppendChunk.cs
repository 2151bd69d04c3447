namespace DashStream.Stores;

/// <summary>
/// The records that the writer is storing in one step, and what became of each. Used by one writer, over and over. A step that fails because of one record
/// is repeated in parts, so that the others do not suffer.
/// </summary>
internal sealed class AppendChunk(string topic, Guid producerId, int maxRecords, long maxBytes)
{
    private readonly List<Segment> _segments = [];
    private readonly AppendBatch _whole = new(topic, producerId);
    private readonly AppendBatch _part = new(topic, producerId);
    private readonly List<int> _partIndexes = [];
    private readonly Dictionary<int, StreamException> _errors = [];
    private readonly Dictionary<int, StreamException> _fullPartitions = [];

    public int Count => _whole.Count;

    /// <summary>What <see cref="Select"/> returned last.</summary>
    public AppendBatch Selected { get; private set; } = null!;

    /// <summary>Number of the last record that was selected, or null when none was.</summary>
    public long? LastSequence => Selected.Count == 0 ? null : Selected.SequenceAt(Selected.Count - 1);

    /// <summary>Fires when nobody waits for what is in flight any more.</summary>
    public CancellationToken Abandoned { get; set; }

    /// <summary>The first attempt to store it, with what went wrong; null while there was none.</summary>
    public Task<Exception?>? Attempt { get; set; }

    public List<Segment> Segments => _segments;

    /// <summary>Whether nobody waits for any of it any more.</summary>
    public bool IsOver => _segments.TrueForAll(static segment => segment.Work.IsOver);

    /// <summary>Whether one more record fits. The first always does.</summary>
    public bool HasRoomFor(int size) => _whole.Count == 0 || (_whole.Count < maxRecords && _whole.SizeBytes + size <= maxBytes);

    public void Add(StreamRecord record, int partition, long timestampUs, long sequence, int size) =>
        _whole.Add(record, partition, timestampUs, sequence, size);

    /// <summary>Says whose the records are that were added since the last call.</summary>
    public void Close(PendingAppend work, int from, int count, long bytes) => _segments.Add(new Segment(work, from, count, bytes));

    public void Clear()
    {
        _segments.Clear();
        Attempt = null;
        _whole.Clear();
        _part.Clear();
        _partIndexes.Clear();
        _errors.Clear();
        _fullPartitions.Clear();
    }

    /// <summary>What became of a record: its position, or an error.</summary>
    public StreamException? OutcomeAt(int index, out StreamPosition position)
    {
        position = new StreamPosition(_whole.PartitionAt(index), _whole.OffsetAt(index));
        return _errors.Count == 0 ? null : _errors.GetValueOrDefault(index);
    }

    /// <summary>The batch to hand to the store for a range: everything in it that is still worth storing. The same object each time while that is everything.</summary>
    public AppendBatch Select(int from, int count)
    {
        if (from == 0 && count == _whole.Count && !_segments.Exists(static segment => segment.Work.IsOver))
        {
            return Selected = _whole;
        }

        _part.Clear();
        _partIndexes.Clear();
        var index = 0;
        foreach (var segment in _segments)
        {
            for (var i = 0; i < segment.Count; i++, index++)
            {
                if (index >= from && index < from + count && !segment.Work.IsOver)
                {
                    SelectOne(index);
                }
            }
        }

        return Selected = _part;
    }

    /// <summary>The selected batch is stored.</summary>
    public void Store(AppendBatch selected)
    {
        for (var i = 0; selected != _whole && i < selected.Count; i++)
        {
            _whole.SetOffset(_partIndexes[i], selected.OffsetAt(i));
        }
    }

    /// <summary>The selected batch failed for good.</summary>
    public void Fail(AppendBatch selected, StreamException error)
    {
        for (var i = 0; i < selected.Count; i++)
        {
            _errors[selected == _whole ? i : _partIndexes[i]] = error;
            if (error.Kind == StreamErrorKind.Full)
            {
                _fullPartitions[selected.PartitionAt(i)] = error;
            }
        }
    }

    private void SelectOne(int index)
    {
        if (_fullPartitions.Count > 0 && _fullPartitions.TryGetValue(_whole.PartitionAt(index), out var error))
        {
            _errors[index] = error;
            return;
        }

        _whole.CopyTo(_part, index);
        _partIndexes.Add(index);
    }

    /// <summary>A run of records of one call.</summary>
    /// <param name="Work">The call.</param>
    /// <param name="From">Index of the first, counted in the call.</param>
    /// <param name="Count">How many.</param>
    /// <param name="Bytes">Sum of their sizes.</param>
    internal readonly record struct Segment(PendingAppend Work, int From, int Count, long Bytes);
}
