using System.Buffers.Binary;

namespace DashStream;

/// <summary>Reads from the first bytes of a compressed frame how large its content says it is, before anything is decompressed.</summary>
internal static class CompressedFrame
{
    private const int MagicBytes = 4;
    private const uint ZstdMagic = 0xFD2FB528;
    private const uint ZstdSkippableMagic = 0x184D2A50;
    private const uint ZstdSkippableMask = 0xFFFFFFF0;
    private const uint Lz4Magic = 0x184D2204;

    private static ReadOnlySpan<byte> DictionaryIdBytes => [0, 1, 2, 4];

    private static ReadOnlySpan<byte> ContentSizeBytes => [0, 2, 4, 8];

    public static bool StartsAsZstd(ReadOnlySpan<byte> bytes) => Magic(bytes) == ZstdMagic;

    /// <summary>False when the bytes are not the start of a frame. The size is null when the frame does not declare it.</summary>
    public static bool TryReadContentSize(FrameCompression compression, ReadOnlySpan<byte> frame, out ulong? size)
    {
        size = null;
        return compression == FrameCompression.Lz4 ? TryReadLz4(frame, out size) : TryReadZstd(frame, out size);
    }

    private static uint Magic(ReadOnlySpan<byte> bytes) =>
        bytes.Length < MagicBytes ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    /// <summary>RFC 8878, 3.1.1.1: magic, descriptor, window (unless single segment), dictionary id, content size.</summary>
    private static bool TryReadZstd(ReadOnlySpan<byte> frame, out ulong? size)
    {
        size = null;
        if ((Magic(frame) & ZstdSkippableMask) == ZstdSkippableMagic)
        {
            return true;
        }

        if (Magic(frame) != ZstdMagic || frame.Length == MagicBytes)
        {
            return false;
        }

        var descriptor = frame[MagicBytes];
        var isSingleSegment = (descriptor & 0x20) != 0;
        var sizeBytes = ContentSizeBytes[descriptor >> 6];
        if (sizeBytes == 0 && isSingleSegment)
        {
            sizeBytes = 1;
        }

        var start = MagicBytes + 1 + (isSingleSegment ? 0 : 1) + DictionaryIdBytes[descriptor & 3];
        if (frame.Length < start + sizeBytes)
        {
            return false;
        }

        var field = frame.Slice(start, sizeBytes);
        size = sizeBytes switch
        {
            0 => null,
            1 => field[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(field) + 256UL, // sizes below 256 have the one-byte form
            4 => BinaryPrimitives.ReadUInt32LittleEndian(field),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(field),
        };
        return true;
    }

    /// <summary>LZ4 frame format 1.6: magic, flags, block descriptor, content size if the flags say so.</summary>
    private static bool TryReadLz4(ReadOnlySpan<byte> frame, out ulong? size)
    {
        const int FlagBytes = 2;
        const int DeclaresSize = 0x08;

        size = null;
        if (Magic(frame) != Lz4Magic || frame.Length < MagicBytes + FlagBytes)
        {
            return false;
        }

        if ((frame[MagicBytes] & DeclaresSize) == 0)
        {
            return true;
        }

        if (!BinaryPrimitives.TryReadUInt64LittleEndian(frame[(MagicBytes + FlagBytes)..], out var declared))
        {
            return false;
        }

        size = declared;
        return true;
    }
}
