using System.Buffers.Binary;

namespace DashStream.Providers;

/// <summary>The first 64 bytes of a segment file.</summary>
/// <param name="TopicId">The topic's own id: another topic of the same name has another one.</param>
/// <param name="Partition">The partition.</param>
/// <param name="BaseOffset">Offset of the segment's first record.</param>
/// <param name="PreviousEnd">
/// Where the records before this segment end. Lower than <paramref name="BaseOffset"/> only when acknowledged records were lost; a reader that finds
/// anything else misses a file.
/// </param>
internal readonly record struct SegmentHeader(Guid TopicId, int Partition, ulong BaseOffset, ulong PreviousEnd)
{
    public const int Bytes = 64;

    private const int IdAt = 8;
    private const int PartitionAt = 24;
    private const int BaseAt = 32;
    private const int PreviousAt = 40;
    private const int ChecksumAt = 60;

    private static ReadOnlySpan<byte> Magic => "DSLOG\0\0\u0001"u8;

    /// <summary>Where checksums of the segment's records start from. Made of what is known without the file, so a damaged header hides no record.</summary>
    public static uint SeedOf(Guid topicId, int partition, ulong baseOffset)
    {
        Span<byte> bytes = stackalloc byte[PreviousAt];
        Identify(bytes, topicId, partition, baseOffset);
        return Checksum.Crc32C(bytes);
    }

    public void Write(Span<byte> target)
    {
        target[..Bytes].Clear();
        Identify(target, TopicId, Partition, BaseOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(target[PreviousAt..], PreviousEnd);
        BinaryPrimitives.WriteUInt32LittleEndian(target[ChecksumAt..], Checksum.Crc32C(target[..ChecksumAt]));
    }

    /// <summary>Reads a header; false when the bytes are damaged or belong elsewhere.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, Guid topicId, int partition, ulong baseOffset, out SegmentHeader header)
    {
        header = default;
        if (bytes.Length < Bytes)
        {
            return false;
        }

        var previousEnd = BinaryPrimitives.ReadUInt64LittleEndian(bytes[PreviousAt..]);
        header = new SegmentHeader(topicId, partition, baseOffset, previousEnd);
        Span<byte> expected = stackalloc byte[Bytes];
        header.Write(expected);
        return bytes[..Bytes].SequenceEqual(expected);
    }

    private static void Identify(Span<byte> target, Guid topicId, int partition, ulong baseOffset)
    {
        target[..PreviousAt].Clear();
        Magic.CopyTo(target);
        topicId.TryWriteBytes(target[IdAt..]);
        BinaryPrimitives.WriteInt32LittleEndian(target[PartitionAt..], partition);
        BinaryPrimitives.WriteUInt64LittleEndian(target[BaseAt..], baseOffset);
    }
}
