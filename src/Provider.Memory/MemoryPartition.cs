namespace DashStream.Providers;

/// <summary>
/// The log of one partition: records in blocks of equal size, so that a look-up is a division and removing the oldest frees whole blocks. Guarded by the
/// gate of its <see cref="MemoryTopic"/>. Offsets count from 0.
/// </summary>
internal sealed class MemoryPartition(int number)
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

    /// <summary>Where the bytes of its records go. Used by whoever appends, outside the gate.</summary>
    public ByteRoom Room { get; } = new();

    public void Append(in StoredEntry entry)
    {
        if (IsAtBlockEdge)
        {
            _blocks.Add(new Block());
        }

        var block = _blocks[^1];
        block.Entries[End % BlockSize] = entry;
        block.NewestUs = Math.Max(block.NewestUs, entry.TimestampUs);
        Bytes += entry.Size;
        End++;
    }

    /// <summary>The entries from there on, copied, so that making records of them needs no gate.</summary>
    public EntryRun Read(long from, int maxRecords, int maxBytes)
    {
        from = Math.Max(from, Begin);
        var count = 0;
        long bytes = 0;
        for (var offset = from; offset < End && count < maxRecords; offset++, count++)
        {
            bytes += SizeAt(offset);
            if (bytes > maxBytes && count > 0)
            {
                break;
            }
        }

        var run = EntryRun.Rent(number, from, count);
        for (var done = 0; done < count;)
        {
            var index = (int)((from + done) % BlockSize);
            var length = Math.Min(count - done, BlockSize - index);
            BlockOf(from + done).Entries.AsSpan(index, length).CopyTo(run.Entries[done..]);
            done += length;
        }

        return run;
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
                if (block.Entries[offset % BlockSize].TimestampUs >= timestampUs)
                {
                    return offset;
                }
            }

            offset = next;
        }

        return null;
    }

    public long OldestTimestampUs() => BlockOf(Begin).Entries[Begin % BlockSize].TimestampUs;

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
    public int SizeAt(long offset) => BlockOf(offset).Entries[offset % BlockSize].Size;

    private int RemoveOldest()
    {
        ref var oldest = ref BlockOf(Begin).Entries[Begin % BlockSize];
        var size = oldest.Size;
        oldest = default;
        return size;
    }

    private Block BlockOf(long offset) => _blocks[(int)((offset / BlockSize) - _firstBlock)];

    private sealed class Block
    {
        public StoredEntry[] Entries { get; } = new StoredEntry[BlockSize];

        public long NewestUs { get; set; } = long.MinValue;
    }
}
