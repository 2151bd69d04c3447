using System.Buffers;
using System.Buffers.Binary;
using DashStream.Protocol;

namespace DashStream.Tests.Codec;

/// <summary>Codecs, messages and hand-made frames for the codec's tests.</summary>
internal static class TestFrames
{
    public const int ZstdRleBlockBytes = 128 * 1024;

    /// <summary>A codec that takes every message the schema can say.</summary>
    public static MessageCodec Lenient(Action<MessageCodecOptions>? change = null)
    {
        var options = new MessageCodecOptions { RequireHeader = false, SchemaPolicy = SchemaCompatibility.Any };
        change?.Invoke(options);
        return new MessageCodec(options);
    }

    public static byte[] Encode(this MessageCodec codec, DashStreamMessage message, Header? header = null)
    {
        var output = new ArrayBufferWriter<byte>();
        _ = header is null ? codec.Encode(message, output) : codec.Encode(message, header, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Compressible, and above the default threshold.</summary>
    public static DashStreamMessage LongEvent(int repeats = 100) => new()
    {
        Event = new Event
        {
            Header = WireSchemaTests.GoldenEvent().Event.Header,
            EventType = EventType.LlmEnd,
            NodeId = string.Concat(Enumerable.Repeat("the same words again; ", repeats)),
        },
    };

    /// <summary>A message whose plain encoding has exactly this size and whose content does not compress.</summary>
    public static DashStreamMessage Incompressible(int size)
    {
        var message = new DashStreamMessage { StateDiff = new StateDiff { Header = new Header { ThreadId = "t" } } };
        var random = new Random(size);
        for (var length = size; message.CalculateSize() != size; length--)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            message.StateDiff.FullState = Google.Protobuf.ByteString.CopyFrom(bytes);
        }

        return message;
    }

    /// <summary>A copy with the compression field set wherever the wire rules say.</summary>
    public static DashStreamMessage Marked(DashStreamMessage message, CompressionType compression = CompressionType.CompressionZstd)
    {
        var copy = message.Clone();
        if (MessageParts.HeaderOf(copy) is { } header)
        {
            header.Compression = compression;
        }

        foreach (var inner in copy.EventBatch?.Events.Select(one => one.Header).OfType<Header>() ?? [])
        {
            inner.Compression = compression;
        }

        return copy;
    }

    public static void SetHeader(DashStreamMessage message, Header header)
    {
        var arm = DashStreamMessage.Descriptor.FindFieldByNumber((int)message.MessageCase);
        var body = (Google.Protobuf.IMessage)arm.Accessor.GetValue(message);
        body.Descriptor.FindFieldByNumber(1).Accessor.SetValue(body, header);
    }

    /// <summary>A zstd frame, framed 0x01, of one uncompressed block that declares any content size, or none.</summary>
    public static byte[] ZstdOfRawBlock(ReadOnlySpan<byte> content, ulong? declared)
    {
        var blockHeader = (content.Length << 3) | 1;
        return [1, .. ZstdHeader(declared), (byte)blockHeader, (byte)(blockHeader >> 8), (byte)(blockHeader >> 16), .. content];
    }

    /// <summary>A zstd frame, framed 0x01, of blocks that each repeat one byte 131,072 times.</summary>
    public static byte[] ZstdBomb(int blocks, ulong? declared)
    {
        var frame = new List<byte> { 1 };
        frame.AddRange(ZstdHeader(declared));
        for (var block = 1; block <= blocks; block++)
        {
            var header = (ZstdRleBlockBytes << 3) | (1 << 1) | (block == blocks ? 1 : 0);
            frame.AddRange([(byte)header, (byte)(header >> 8), (byte)(header >> 16), 0x0A]);
        }

        return [.. frame];
    }

    public static CodecException Refused(MessageCodec codec, byte[] value, CodecFailure failure)
    {
        var exception = Assert.ThrowsExactly<CodecException>(() => codec.Decode(value));
        Assert.AreEqual(failure, exception.Failure, exception.Message);
        return exception;
    }

    private static byte[] ZstdHeader(ulong? declared)
    {
        byte[] magic = [0x28, 0xB5, 0x2F, 0xFD];
        if (declared is null)
        {
            return [.. magic, 0x00, 0x58]; // a 2 MiB window
        }

        var size = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(size, declared.Value);
        return [.. magic, 0xE0, .. size];
    }
}
