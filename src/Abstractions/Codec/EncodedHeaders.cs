using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream;

/// <summary>
/// Changes headers inside encoded messages, without decoding them and without touching the message they came from. It works because
/// <c>header</c> is field 1 of every body and our encoder writes fields in order of their numbers, so that an encoded message is
/// <c>[arm][length][0x0A][length][header][rest of the body][unknown fields]</c>. Every byte outside the header is copied as it is.
/// </summary>
internal static class EncodedHeaders
{
    private const byte HeaderTag = 0x0A; // field 1, length-delimited
    private const byte BatchEventTag = 0x12; // field 2 of EventBatch, length-delimited
    private const byte CompressionTag = 0x40; // field 8 of Header, varint
    private const int CompressionField = Header.CompressionFieldNumber;
    private const int MarkBytes = 2;
    private const int WireTypeBits = 3;
    private const int WireTypeMask = 7;

    /// <summary>The length of <paramref name="message"/> with a header of <paramref name="headerLength"/> bytes in place of its own.</summary>
    public static int StampedLength(ReadOnlySpan<byte> message, int headerLength)
    {
        var parts = new Parts(message);
        var body = FieldLength(headerLength) + parts.Rest.Length;
        return FieldLength(body) + parts.Tail.Length;
    }

    /// <summary>Writes <paramref name="message"/> with <paramref name="header"/> in place of its own; returns the bytes written.</summary>
    public static int Stamp(ReadOnlySpan<byte> message, ReadOnlySpan<byte> header, Span<byte> destination)
    {
        var parts = new Parts(message);
        var at = WriteFieldStart(destination, message[0], FieldLength(header.Length) + parts.Rest.Length);
        at += WriteField(destination[at..], HeaderTag, header);
        at += Copy(parts.Rest, destination[at..]);
        return at + Copy(parts.Tail, destination[at..]);
    }

    /// <summary>The length of <paramref name="message"/> with its headers marked as compressed.</summary>
    public static int MarkedLength(ReadOnlySpan<byte> message, bool isBatch)
    {
        var parts = new Parts(message);
        return FieldLength(MarkedBodyLength(parts, isBatch)) + parts.Tail.Length;
    }

    /// <summary>
    /// Writes <paramref name="message"/> with <c>Header.compression</c> set: in the body's header, and in a batch in the header of
    /// each event too. Where there is no header, nothing is set.
    /// </summary>
    public static int Mark(ReadOnlySpan<byte> message, bool isBatch, FrameCompression compression, Span<byte> destination)
    {
        var parts = new Parts(message);
        var at = WriteFieldStart(destination, message[0], MarkedBodyLength(parts, isBatch));
        at += WriteMarkedHeader(parts, compression, destination[at..]);
        at += isBatch
            ? WriteMarkedEvents(parts.Rest, compression, destination[at..])
            : Copy(parts.Rest, destination[at..]);
        return at + Copy(parts.Tail, destination[at..]);
    }

    private static int MarkedBodyLength(in Parts parts, bool isBatch)
    {
        var header = parts.HasHeader ? FieldLength(MarkedHeaderLength(parts.Header)) : 0;
        return header + (isBatch ? MarkedEventsLength(parts.Rest) : parts.Rest.Length);
    }

    private static int MarkedEventsLength(ReadOnlySpan<byte> rest)
    {
        var length = 0;
        while (rest.Length > 0 && rest[0] == BatchEventTag)
        {
            var parts = new Parts(rest);
            length += FieldLength(MarkedBodyLength(parts, isBatch: false));
            rest = parts.Tail;
        }

        return length + rest.Length;
    }

    private static int WriteMarkedEvents(ReadOnlySpan<byte> rest, FrameCompression compression, Span<byte> destination)
    {
        var at = 0;
        while (rest.Length > 0 && rest[0] == BatchEventTag)
        {
            var parts = new Parts(rest);
            at += WriteFieldStart(destination[at..], BatchEventTag, MarkedBodyLength(parts, isBatch: false));
            at += WriteMarkedHeader(parts, compression, destination[at..]);
            at += Copy(parts.Rest, destination[at..]);
            rest = parts.Tail;
        }

        return at + Copy(rest, destination[at..]);
    }

    private static int MarkedHeaderLength(ReadOnlySpan<byte> header)
    {
        FindCompression(header, out _, out var length);
        return header.Length - length + MarkBytes;
    }

    private static int WriteMarkedHeader(in Parts parts, FrameCompression compression, Span<byte> destination)
    {
        if (!parts.HasHeader)
        {
            return 0;
        }

        var header = parts.Header;
        FindCompression(header, out var start, out var length);
        var at = WriteFieldStart(destination, HeaderTag, header.Length - length + MarkBytes);
        at += Copy(header[..start], destination[at..]);
        destination[at++] = CompressionTag;
        destination[at++] = (byte)compression; // the numbers of FrameCompression and CompressionType agree
        return at + Copy(header[(start + length)..], destination[at..]);
    }

    /// <summary>Where the compression field is; where it may be put, with length 0, when it is not there.</summary>
    private static void FindCompression(ReadOnlySpan<byte> header, out int start, out int length)
    {
        start = 0;
        length = 0;
        while (start < header.Length)
        {
            var tag = Varint.Read(header[start..], out var tagLength);
            if ((int)(tag >> WireTypeBits) >= CompressionField || !TryValueLength(header[(start + tagLength)..], (int)tag & WireTypeMask, out var valueLength))
            {
                break;
            }

            start += tagLength + valueLength;
        }

        if (start < header.Length && header[start] == CompressionTag)
        {
            Varint.Read(header[(start + 1)..], out var valueLength);
            length = 1 + valueLength;
        }
    }

    /// <summary>False for a wire type that no field of a header has: an unknown field, which comes after all known ones.</summary>
    private static bool TryValueLength(ReadOnlySpan<byte> value, int wireType, out int length)
    {
        switch ((WireFormat.WireType)wireType)
        {
            case WireFormat.WireType.Varint:
                Varint.Read(value, out length);
                return true;
            case WireFormat.WireType.LengthDelimited:
                var content = Varint.Read(value, out length);
                length += (int)content;
                return true;
            default:
                length = 0;
                return false;
        }
    }

    private static int FieldLength(int content) => 1 + Varint.Length(content) + content;

    private static int WriteField(Span<byte> destination, byte tag, ReadOnlySpan<byte> content)
    {
        var at = WriteFieldStart(destination, tag, content.Length);
        return at + Copy(content, destination[at..]);
    }

    private static int WriteFieldStart(Span<byte> destination, byte tag, int length)
    {
        destination[0] = tag;
        return 1 + Varint.Write(destination[1..], length);
    }

    private static int Copy(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        source.CopyTo(destination);
        return source.Length;
    }

    /// <summary>One length-delimited field that holds a body, and what follows it.</summary>
    private readonly ref struct Parts
    {
        public Parts(ReadOnlySpan<byte> field)
        {
            var length = (int)Varint.Read(field[1..], out var lengthBytes);
            var body = field.Slice(1 + lengthBytes, length);
            Tail = field[(1 + lengthBytes + length)..];
            Rest = body;
            HasHeader = body.Length > 0 && body[0] == HeaderTag;
            if (!HasHeader)
            {
                return;
            }

            var headerLength = (int)Varint.Read(body[1..], out var headerLengthBytes);
            Header = body.Slice(1 + headerLengthBytes, headerLength);
            Rest = body[(1 + headerLengthBytes + headerLength)..];
        }

        public bool HasHeader { get; }

        public ReadOnlySpan<byte> Header { get; }

        public ReadOnlySpan<byte> Rest { get; }

        public ReadOnlySpan<byte> Tail { get; }
    }
}
