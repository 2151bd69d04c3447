using System.Buffers.Binary;
using System.Text;

namespace DashStream.Providers;

/// <summary>
/// The bytes of one record in a segment, little-endian:
/// <code>
/// u32 length of what follows the checksum | u32 CRC-32C of length and body, seeded by the segment
/// u64 offset | i64 time in µs | i32 key bytes | i32 value bytes, -1 for null | i32 headers
/// key | value | per header: i32 name bytes, i32 value bytes, name, value
/// </code>
/// The seed binds a record to its topic, partition and segment, so that bytes which merely look like a record (a value that holds a copy of a segment,
/// a file put into the wrong folder) are not taken for one.
/// </summary>
internal static class RecordFormat
{
    public const int PrefixBytes = 8;
    public const int FixedBytes = PrefixBytes + 28;

    private const int ChecksumAt = 4;
    private const int OffsetAt = 8;
    private const int TimeAt = 16;
    private const int KeyLengthAt = 24;
    private const int ValueLengthAt = 28;
    private const int HeaderCountAt = 32;
    private const int HeaderPrefixBytes = 8;
    private const int NullLength = -1;

    /// <summary>Bytes that the record will take.</summary>
    public static int SizeOf(StreamRecord record)
    {
        var size = (long)FixedBytes + record.Key.Length + (record.Value?.Length ?? 0);
        foreach (var header in record.Headers.AsSpan())
        {
            size += HeaderPrefixBytes + Encoding.UTF8.GetByteCount(header.Name) + header.Value.Length;
        }

        return checked((int)size);
    }

    /// <summary>Writes the record at the start of <paramref name="target"/>, which has exactly its size.</summary>
    public static void Write(Span<byte> target, uint seed, ulong offset, long timestampUs, StreamRecord record)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)(target.Length - PrefixBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(target[OffsetAt..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(target[TimeAt..], timestampUs);
        BinaryPrimitives.WriteInt32LittleEndian(target[KeyLengthAt..], record.Key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(target[ValueLengthAt..], record.Value?.Length ?? NullLength);
        BinaryPrimitives.WriteInt32LittleEndian(target[HeaderCountAt..], record.Headers.Count);
        var rest = target[FixedBytes..];
        rest = Put(rest, record.Key.Span);
        if (record.Value is { } value)
        {
            rest = Put(rest, value.Span);
        }

        foreach (var header in record.Headers.AsSpan())
        {
            var nameBytes = Encoding.UTF8.GetBytes(header.Name, rest[HeaderPrefixBytes..]);
            BinaryPrimitives.WriteInt32LittleEndian(rest, nameBytes);
            BinaryPrimitives.WriteInt32LittleEndian(rest[sizeof(int)..], header.Value.Length);
            rest = Put(rest[(HeaderPrefixBytes + nameBytes)..], header.Value.Span);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(target[ChecksumAt..], ChecksumOf(target, seed));
    }

    /// <summary>
    /// Looks for the record of the lowest offset <paramref name="least"/> at the start of the bytes. Offsets above are taken only when they could still fit into
    /// <paramref name="remaining"/> bytes, which callers who expect exactly <paramref name="least"/> set to 0.
    /// </summary>
    /// <returns>Its size; 0 when the bytes hold no such record; a negative number when that many bytes in all are needed to tell.</returns>
    public static int Check(ReadOnlySpan<byte> bytes, uint seed, ulong least, long remaining = 0)
    {
        if (bytes.Length < FixedBytes)
        {
            return -FixedBytes;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        var offset = OffsetOf(bytes);
        if (length < FixedBytes - PrefixBytes || length > int.MaxValue - PrefixBytes
            || offset < least || offset - least > (ulong)(remaining / FixedBytes))
        {
            return 0;
        }

        var size = (int)length + PrefixBytes;
        if (bytes.Length < size)
        {
            return -size;
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChecksumAt..]) == ChecksumOf(bytes[..size], seed) ? size : 0;
    }

    public static int SizeAt(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt32LittleEndian(record) + PrefixBytes;

    public static ulong OffsetOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt64LittleEndian(record[OffsetAt..]);

    public static long TimeOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt64LittleEndian(record[TimeAt..]);

    /// <summary>Key, value and headers in bytes, as limits count them.</summary>
    public static int PayloadOf(ReadOnlySpan<byte> record) =>
        record.Length - FixedBytes - (HeaderPrefixBytes * BinaryPrimitives.ReadInt32LittleEndian(record[HeaderCountAt..]));

    /// <summary>Makes a record of checked bytes; it owns a copy.</summary>
    public static StreamRecord Read(ReadOnlySpan<byte> record, int partition)
    {
        var owned = record[FixedBytes..].ToArray().AsMemory();
        var keyLength = BinaryPrimitives.ReadInt32LittleEndian(record[KeyLengthAt..]);
        var valueLength = BinaryPrimitives.ReadInt32LittleEndian(record[ValueLengthAt..]);
        var key = owned[..keyLength];
        owned = owned[keyLength..];
        ReadOnlyMemory<byte>? value = null;
        if (valueLength != NullLength)
        {
            value = owned[..valueLength];
            owned = owned[valueLength..];
        }

        var headers = ReadHeaders(owned, BinaryPrimitives.ReadInt32LittleEndian(record[HeaderCountAt..]));
        return new StreamRecord(key, value, headers, TimeOf(record), new StreamPosition(partition, OffsetOf(record)));
    }

    private static StreamHeaders ReadHeaders(ReadOnlyMemory<byte> bytes, int count)
    {
        if (count == 0)
        {
            return StreamHeaders.Empty;
        }

        var headers = new StreamHeader[count];
        for (var i = 0; i < count; i++)
        {
            var nameLength = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span);
            var valueLength = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span[sizeof(int)..]);
            bytes = bytes[HeaderPrefixBytes..];
            headers[i] = new StreamHeader(Encoding.UTF8.GetString(bytes.Span[..nameLength]), bytes.Slice(nameLength, valueLength));
            bytes = bytes[(nameLength + valueLength)..];
        }

        return StreamHeaders.Create(headers);
    }

    private static Span<byte> Put(Span<byte> target, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(target);
        return target[bytes.Length..];
    }

    private static uint ChecksumOf(ReadOnlySpan<byte> record, uint seed) =>
        ~Checksum.Crc32C(Checksum.Crc32C(seed, record[..ChecksumAt]), record[PrefixBytes..]);
}
