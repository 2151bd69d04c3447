using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace DashStream.Providers;

/// <summary>What is published of a partition: readers never look beyond it.</summary>
/// <param name="Begin">The oldest offset that is kept.</param>
/// <param name="End">The offset that the next record gets.</param>
/// <param name="SegmentBase">The segment that is written now.</param>
/// <param name="Position">Where in that segment the next record goes; 0 when its file is still to be made.</param>
internal readonly record struct PartitionEnd(ulong Begin, ulong End, ulong SegmentBase, long Position);

/// <summary>How a slot was found.</summary>
internal enum SlotState
{
    /// <summary>Never written, or damaged: the partition has to be looked through under its lock.</summary>
    Unknown,

    /// <summary>As published.</summary>
    Live,

    /// <summary>The topic is being deleted or is gone.</summary>
    Deleted,
}

/// <summary>
/// The ends of a topic's partitions, in one small file that all processes share: 64 bytes of header, then 64 a partition. A slot is written only under its
/// partition's lock, by one call, with a checksum; a reader that catches it half-written reads again. A write to the file also is what wakes the
/// readers of other processes. It can be lost: the partitions' own files hold the truth.
/// </summary>
internal sealed class TopicEnds : IDisposable
{
    private const int BlockBytes = 64;
    private const int IdAt = 8;
    private const int PartitionsAt = 24;
    private const int HeaderStateAt = 28;
    private const int BeginAt = 8;
    private const int SegmentAt = 16;
    private const int PositionAt = 24;
    private const int StateAt = 32;
    private const int ChecksumAt = 36;
    private const int ReadAttempts = 100;

    private readonly SafeFileHandle _file;
    private readonly int _partitions;
    private readonly uint _seed;

    private TopicEnds(SafeFileHandle file, Guid topicId, int partitions, bool canWrite)
    {
        (_file, _partitions, CanWrite) = (file, partitions, canWrite);
        _seed = SegmentHeader.SeedOf(topicId, partitions, 0);
    }

    private static ReadOnlySpan<byte> Magic => "DSENDS\0\u0001"u8;

    /// <summary>False when the file could only be opened for reading.</summary>
    public bool CanWrite { get; }

    /// <summary>Whether a deletion of the topic has begun.</summary>
    public bool IsDeleted
    {
        get
        {
            Span<byte> state = stackalloc byte[sizeof(int)];
            return RandomAccess.Read(_file, state, HeaderStateAt) == sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(state) == (int)SlotState.Deleted;
        }
    }

    /// <summary>Makes the file: of a new topic, whose partitions are known to be empty, or of one whose file was lost.</summary>
    public static void Create(string path, Guid topicId, int partitions, bool empty)
    {
        var bytes = new byte[BlockBytes * (partitions + 1)];
        Identify(bytes, topicId, partitions);
        for (var p = 1; empty && p <= partitions; p++)
        {
            Encode(bytes.AsSpan(p * BlockBytes), default, SlotState.Live, SegmentHeader.SeedOf(topicId, partitions, 0));
        }

        AtomicFile.Replace(path, bytes, durable: false);
    }

    /// <summary>Opens the file; null when it is missing or belongs to another topic of that name.</summary>
    public static TopicEnds? TryOpen(string path, Guid topicId, int partitions)
    {
        if (Open(path, out var canWrite) is not { } file)
        {
            return null;
        }

        Span<byte> header = stackalloc byte[HeaderStateAt];
        Span<byte> expected = stackalloc byte[HeaderStateAt];
        Identify(expected, topicId, partitions);
        if (RandomAccess.GetLength(file) == BlockBytes * (partitions + 1L)
            && RandomAccess.Read(file, header, 0) == header.Length
            && header.SequenceEqual(expected))
        {
            return new TopicEnds(file, topicId, partitions, canWrite);
        }

        file.Dispose();
        return null;
    }

    public SlotState Read(int partition, out PartitionEnd end)
    {
        Span<byte> slot = stackalloc byte[BlockBytes];
        var state = SlotState.Unknown;
        end = default;
        for (var attempt = 0; attempt < ReadAttempts && state == SlotState.Unknown; attempt++)
        {
            if (attempt > 0)
            {
                Thread.SpinWait(attempt);
            }

            _ = RandomAccess.Read(_file, slot, PlaceOf(partition));
            state = Decode(slot, _seed, out end);
            if (slot.IndexOfAnyExcept((byte)0) < 0)
            {
                break;
            }
        }

        return state;
    }

    /// <summary>Publishes a partition's end. Only under its lock.</summary>
    public void Write(int partition, PartitionEnd end)
    {
        Span<byte> slot = stackalloc byte[BlockBytes];
        Encode(slot, end, SlotState.Live, _seed);
        RandomAccess.Write(_file, slot, PlaceOf(partition));
    }

    /// <summary>Ends the life of a partition. Only under its lock.</summary>
    public void MarkDeleted(int partition)
    {
        Span<byte> slot = stackalloc byte[BlockBytes];
        Encode(slot, default, SlotState.Deleted, _seed);
        RandomAccess.Write(_file, slot, PlaceOf(partition));
    }

    /// <summary>Begins the deletion of the topic: from here on nobody opens it any more.</summary>
    public void MarkDeleted()
    {
        Span<byte> state = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(state, (int)SlotState.Deleted);
        RandomAccess.Write(_file, state, HeaderStateAt);
    }

    /// <summary>A number that differs after any append; -1 when the topic is deleted.</summary>
    public long Stamp()
    {
        var sum = 0L;
        for (var p = 0; p < _partitions; p++)
        {
            switch (Read(p, out var end))
            {
                case SlotState.Deleted:
                    return -1;
                case SlotState.Live:
                    sum += (long)end.End;
                    break;
            }
        }

        return sum;
    }

    public void Dispose() => _file.Dispose();

    private static SafeFileHandle? Open(string path, out bool canWrite)
    {
        const FileShare Share = FileShare.ReadWrite | FileShare.Delete;
        canWrite = true;
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, Share);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            canWrite = false;
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, Share);
        }
    }

    private static long PlaceOf(int partition) => BlockBytes * (partition + 1L);

    private static void Identify(Span<byte> target, Guid topicId, int partitions)
    {
        Magic.CopyTo(target);
        topicId.TryWriteBytes(target[IdAt..]);
        BinaryPrimitives.WriteInt32LittleEndian(target[PartitionsAt..], partitions);
    }

    private static void Encode(Span<byte> slot, PartitionEnd end, SlotState state, uint seed)
    {
        slot[..BlockBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(slot, end.End);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[BeginAt..], end.Begin);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[SegmentAt..], end.SegmentBase);
        BinaryPrimitives.WriteInt64LittleEndian(slot[PositionAt..], end.Position);
        BinaryPrimitives.WriteInt32LittleEndian(slot[StateAt..], (int)state);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[ChecksumAt..], Checksum.Crc32C(seed, slot[..ChecksumAt]));
    }

    private static SlotState Decode(ReadOnlySpan<byte> slot, uint seed, out PartitionEnd end)
    {
        end = new PartitionEnd(
            BinaryPrimitives.ReadUInt64LittleEndian(slot[BeginAt..]),
            BinaryPrimitives.ReadUInt64LittleEndian(slot),
            BinaryPrimitives.ReadUInt64LittleEndian(slot[SegmentAt..]),
            BinaryPrimitives.ReadInt64LittleEndian(slot[PositionAt..]));
        var whole = BinaryPrimitives.ReadUInt32LittleEndian(slot[ChecksumAt..]) == Checksum.Crc32C(seed, slot[..ChecksumAt]);
        return whole ? (SlotState)BinaryPrimitives.ReadInt32LittleEndian(slot[StateAt..]) : SlotState.Unknown;
    }
}
