namespace DashStream.Stores;

/// <summary>
/// Records on their way into a store, in order, each with its partition chosen and its time set. Reused by its producer: a store keeps nothing of it after
/// the call.
/// </summary>
public sealed class AppendBatch
{
    private readonly List<Item> _items = [];

    internal AppendBatch(string topic, Guid producerId)
    {
        Topic = topic;
        ProducerId = producerId;
    }

    /// <summary>The topic.</summary>
    public string Topic { get; }

    /// <summary>The producer, new for each open. With <see cref="SequenceAt"/> it lets a store recognise a batch that it has stored already.</summary>
    public Guid ProducerId { get; }

    /// <summary>
    /// Number of the last record of the producer's batch before this one when that is not known to be stored yet, or null. Only for stores that take several at once
    /// (<see cref="ILogStore.AppendsAtOnce"/>): where that record is not stored, this batch must not be either.
    /// </summary>
    public long? After { get; internal set; }

    /// <summary>Number of records.</summary>
    public int Count => _items.Count;

    /// <summary>Sum of the records' sizes.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>The record at that index.</summary>
    public StreamRecord RecordAt(int index) => _items[index].Record;

    /// <summary>The record at that index as a store keeps it that keeps objects: at its position, with its time, and with memory that no sender uses again.</summary>
    /// <param name="index">Which one.</param>
    /// <param name="offset">Where the store puts it in its partition.</param>
    public StreamRecord StoredAt(int index, UInt128 offset) =>
        _items[index].Record.AsStored(new StreamPosition(PartitionAt(index), offset), TimestampAt(index));

    /// <summary>Its partition.</summary>
    public int PartitionAt(int index) => _items[index].Partition;

    /// <summary>Its time in microseconds since the Unix epoch: the record's own, or the producer's clock when that was 0.</summary>
    public long TimestampAt(int index) => _items[index].TimestampUs;

    /// <summary>Its number among all records of this producer: grows by one a record, and stays the same when the batch is tried again.</summary>
    public long SequenceAt(int index) => _items[index].Sequence;

    /// <summary>Called by the store: where the record was put.</summary>
    public void SetOffset(int index, UInt128 offset) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_items)[index].Offset = offset;

    internal UInt128 OffsetAt(int index) => _items[index].Offset;

    internal void Add(StreamRecord record, int partition, long timestampUs, long sequence) =>
        Add(record, partition, timestampUs, sequence, record.SizeBytes);

    internal void Add(StreamRecord record, int partition, long timestampUs, long sequence, long sizeBytes)
    {
        _items.Add(new Item { Record = record, Partition = partition, TimestampUs = timestampUs, Sequence = sequence });
        SizeBytes += sizeBytes;
    }

    internal void CopyTo(AppendBatch target, int index) =>
        target.Add(RecordAt(index), PartitionAt(index), TimestampAt(index), SequenceAt(index));

    internal void Clear()
    {
        _items.Clear();
        SizeBytes = 0;
        After = null;
    }

    private struct Item
    {
        public required StreamRecord Record;
        public required int Partition;
        public required long TimestampUs;
        public required long Sequence;
        public UInt128 Offset;
    }
}
