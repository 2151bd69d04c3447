namespace DashStream.Providers;

/// <summary>
/// The log of one partition: records in blocks of equal size, so that a look-up is a division and removing the oldest frees whole blocks. Guarded by the
/// gate of its <see cref="MemoryTopic"/>. Offsets count from 0.
/// </summary>
internal sealed class MemoryPartition
{
    private const int BlockSize = 512;

    private readonly List<Block> _blocks = [];
    private long _firstBlock;

    public long Begin { get; private set; }

    public long End { get; private set; }

    public long Bytes { get; private set; }

    public long Count => End - Begin;

    /// <summary>Whether the next append begins a block: the moment for housekeeping.</summary>
    public bool IsAtBlockEdge => End % BlockSize == 0;

    public void Append(StreamRecord record, int size)
    {
        if (IsAtBlockEdge)
        {
            _blocks.Add(new Block());
        }

        var block = _blocks[^1];
        var index = (int)(End % BlockSize);
        block.Records[index] = record;
        block.Sizes[index] = size;
        block.NewestUs = Math.Max(block.NewestUs, record.TimestampUs);
        Bytes += size;
        End++;
    }

    public IReadOnlyList<StreamRecord> Read(long from, int maxRecords, int maxBytes)
    {
        from = Math.Max(from, Begin);
        var count = 0;
        long bytes = 0;
        for (var offset = from; offset < End && count < maxRecords; offset++, count++)
        {
            bytes += BlockOf(offset).Sizes[offset % BlockSize];
            if (bytes > maxBytes && count > 0)
            {
                break;
            }
        }

        var records = count == 0 ? [] : new StreamRecord[count];
        for (var done = 0; done < count;)
        {
            var index = (int)((from + done) % BlockSize);
            var run = Math.Min(count - done, BlockSize - index);
            Array.Copy(BlockOf(from + done).Records, index, records, done, run);
            done += run;
        }

        return records;
    }

    /// <summary>The first record, in log order, of that time or later.</summary>
    public long? Find(long timestampUs)
    {
        for (var offset = Begin; offset < End;)
        {
            var block = BlockOf(offset);
            var next = Math.Min(End, ((offset / BlockSize) + 1) * BlockSize);
            for (; block.NewestUs >= timestampUs && offset < next; offset++)
            {
                if (block.Records[offset % BlockSize]!.TimestampUs >= timestampUs)
                {
                    return offset;
                }
            }

            offset = next;
        }

        return null;
    }

    public long OldestTimestampUs() => BlockOf(Begin).Records[Begin % BlockSize]!.TimestampUs;

    /// <summary>Removes everything before that offset; returns the bytes that went.</summary>
    public long Trim(long before)
    {
        long bytes = 0;
        for (; Begin < before; Begin++)
        {
            bytes += RemoveOldest();
        }

        var emptyBlocks = (int)((Begin / BlockSize) - _firstBlock);
        if (emptyBlocks > 0)
        {
            _blocks.RemoveRange(0, Math.Min(emptyBlocks, _blocks.Count));
            _firstBlock += emptyBlocks;
        }

        Bytes -= bytes;
        return bytes;
    }

    /// <summary>Size of the record at that offset.</summary>
    public int SizeAt(long offset) => BlockOf(offset).Sizes[offset % BlockSize];

    private int RemoveOldest()
    {
        BlockOf(Begin).Records[Begin % BlockSize] = null;
        return SizeAt(Begin);
    }

    private Block BlockOf(long offset) => _blocks[(int)((offset / BlockSize) - _firstBlock)];

    private sealed class Block
    {
        public StreamRecord?[] Records { get; } = new StreamRecord?[BlockSize];

        public int[] Sizes { get; } = new int[BlockSize];

        public long NewestUs { get; set; } = long.MinValue;
    }
}
