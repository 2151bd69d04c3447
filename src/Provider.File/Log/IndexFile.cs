using System.Buffers.Binary;

namespace DashStream.Providers;

/// <summary>
/// The index of a closed segment on disk: 40 bytes of header, 24 a entry, a checksum. Only a shortcut: a missing, damaged or outdated one is made again
/// from the segment.
/// </summary>
internal static class IndexFile
{
    public const string Suffix = ".idx";

    private const int HeaderBytes = 40;
    private const int EntryBytes = 24;
    private const int IdAt = 8;
    private const int EndAt = 16;
    private const int CountAt = 12;
    private const int PositionAt = 8;
    private const int TimeAt = 16;

    private static ReadOnlySpan<byte> Magic => "DSIDX\0\0\u0001"u8;

    public static void Write(string path, uint seed, SegmentIndex index)
    {
        var (entries, end) = index.Snapshot();
        var bytes = new byte[HeaderBytes + (entries.Length * EntryBytes) + sizeof(uint)];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(IdAt), seed);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(CountAt), entries.Length);
        Put(bytes.AsSpan(EndAt), end);
        for (var i = 0; i < entries.Length; i++)
        {
            Put(bytes.AsSpan(HeaderBytes + (i * EntryBytes)), entries[i]);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - sizeof(uint)), Checksum.Crc32C(bytes.AsSpan(0, bytes.Length - sizeof(uint))));
        AtomicFile.Replace(path, bytes, durable: false);
    }

    /// <summary>Loads it if it is whole, belongs to the segment and covers all of its <paramref name="segmentLength"/> bytes.</summary>
    public static SegmentIndex? TryRead(string path, uint seed, long segmentLength, int intervalBytes)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            return null;
        }

        if (!IsWhole(bytes, seed))
        {
            return null;
        }

        var end = Take(bytes.AsSpan(EndAt));
        if (end.Position != segmentLength)
        {
            return null;
        }

        var entries = new List<IndexEntry>();
        for (var at = HeaderBytes; at < bytes.Length - sizeof(uint); at += EntryBytes)
        {
            entries.Add(Take(bytes.AsSpan(at)));
        }

        return new SegmentIndex(intervalBytes, entries, end);
    }

    private static bool IsWhole(ReadOnlySpan<byte> bytes, uint seed)
    {
        var least = HeaderBytes + EntryBytes + sizeof(uint);
        return bytes.Length >= least
            && bytes.StartsWith(Magic)
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes[IdAt..]) == seed
            && BinaryPrimitives.ReadInt32LittleEndian(bytes[CountAt..]) == (bytes.Length - least + EntryBytes) / EntryBytes
            && (bytes.Length - least) % EntryBytes == 0
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..]) == Checksum.Crc32C(bytes[..^sizeof(uint)]);
    }

    private static void Put(Span<byte> target, IndexEntry entry)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, entry.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(target[PositionAt..], entry.Position);
        BinaryPrimitives.WriteInt64LittleEndian(target[TimeAt..], entry.NewestBefore);
    }

    private static IndexEntry Take(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[PositionAt..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[TimeAt..]));
}
