using System.Buffers.Binary;
using System.Text;

namespace DashStream.Providers;

/// <summary>
/// Headers as one blob: for each, in order, the length of the name (32 bits, little endian), the name in UTF-8, the length of the value, the value. No headers are NULL.
/// </summary>
internal static class SqliteHeaders
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static byte[]? Encode(StreamHeaders headers)
    {
        if (headers.Count == 0)
        {
            return null;
        }

        var size = 0;
        foreach (var header in headers.AsSpan())
        {
            size = checked(size + (2 * sizeof(int)) + Encoding.UTF8.GetByteCount(header.Name) + header.Value.Length);
        }

        var blob = new byte[size];
        var rest = blob.AsSpan();
        foreach (var header in headers.AsSpan())
        {
            var nameLength = Encoding.UTF8.GetBytes(header.Name, rest[sizeof(int)..]);
            BinaryPrimitives.WriteInt32LittleEndian(rest, nameLength);
            rest = rest[(sizeof(int) + nameLength)..];
            BinaryPrimitives.WriteInt32LittleEndian(rest, header.Value.Length);
            header.Value.Span.CopyTo(rest[sizeof(int)..]);
            rest = rest[(sizeof(int) + header.Value.Length)..];
        }

        return blob;
    }

    /// <summary>Reads a blob; the values are slices of it. False when it is damaged.</summary>
    public static bool TryDecode(byte[] blob, out StreamHeaders headers)
    {
        var items = new List<StreamHeader>();
        var rest = blob.AsMemory();
        headers = StreamHeaders.Empty;
        while (!rest.IsEmpty)
        {
            if (!TryTake(ref rest, out var name) || !TryTake(ref rest, out var value) || !TryMake(name.Span, value, out var header))
            {
                return false;
            }

            items.Add(header);
        }

        headers = StreamHeaders.Create([.. items]);
        return true;
    }

    private static bool TryTake(ref Memory<byte> rest, out Memory<byte> part)
    {
        part = default;
        if (rest.Length < sizeof(int))
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(rest.Span);
        if (length < 0 || length > rest.Length - sizeof(int))
        {
            return false;
        }

        part = rest.Slice(sizeof(int), length);
        rest = rest[(sizeof(int) + length)..];
        return true;
    }

    private static bool TryMake(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> value, out StreamHeader header)
    {
        try
        {
            header = new StreamHeader(StrictUtf8.GetString(name), value);
            return true;
        }
        catch (ArgumentException)
        {
            header = default;
            return false;
        }
    }
}
