using System.Security.Cryptography;
using System.Text;

namespace DashStream;

/// <summary>A letter's record on its way through a local file: four bytes that name the format, a SHA-256 of the rest, then topic and record.</summary>
internal sealed record SpooledLetter(string Topic, StreamRecord Record)
{
    private static readonly byte[] Format = "DSL1"u8.ToArray();

    private static int Prefix => Format.Length + SHA256.HashSizeInBytes;

    public byte[] ToBytes()
    {
        using var buffer = new MemoryStream();
        buffer.SetLength(Prefix);
        buffer.Position = Prefix;
        using (var writer = new BinaryWriter(buffer, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Topic);
            Write(writer, Record.Key.Span);
            writer.Write(Record.Value is not null);
            Write(writer, (Record.Value ?? default).Span);
            writer.Write(Record.TimestampUs);
            writer.Write(Record.Headers.Count);
            foreach (var header in Record.Headers)
            {
                writer.Write(header.Name);
                Write(writer, header.Value.Span);
            }
        }

        var bytes = buffer.ToArray();
        Format.CopyTo(bytes, 0);
        SHA256.HashData(bytes.AsSpan(Prefix), bytes.AsSpan(Format.Length));
        return bytes;
    }

    /// <exception cref="StreamException">The bytes are damaged (<see cref="StreamErrorKind.Corrupt"/>).</exception>
    public static SpooledLetter Parse(byte[] bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (bytes.Length < Prefix || !bytes.AsSpan(0, Format.Length).SequenceEqual(Format)
            || SHA256.HashData(bytes.AsSpan(Prefix), hash) != hash.Length || !hash.SequenceEqual(bytes.AsSpan(Format.Length, hash.Length)))
        {
            throw new StreamException(StreamErrorKind.Corrupt, "The file is no spooled dead letter, or it is damaged.");
        }

        using var reader = new BinaryReader(new MemoryStream(bytes, Prefix, bytes.Length - Prefix, writable: false), Encoding.UTF8);
        var topic = reader.ReadString();
        var key = Read(reader);
        var hasValue = reader.ReadBoolean();
        var value = Read(reader);
        var timestampUs = reader.ReadInt64();
        var headers = new StreamHeader[reader.ReadInt32()];
        for (var i = 0; i < headers.Length; i++)
        {
            headers[i] = new StreamHeader(reader.ReadString(), Read(reader));
        }

        return new SpooledLetter(topic, new StreamRecord(key, hasValue ? value : null, StreamHeaders.Create(headers), timestampUs));
    }

    private static void Write(BinaryWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static byte[] Read(BinaryReader reader) => reader.ReadBytes(reader.ReadInt32());
}
