using System.Buffers;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream;

/// <summary>Turns frames into messages. Every size is checked before memory is taken for it.</summary>
internal sealed class FrameDecoder(MessageCodecOptions options, Func<FrameCompression, CompressionBackend, IFrameCompressor?> find)
{
    private const int FrameByte = 1;
    private const int FirstGuess = 64 * 1024;
    private const int Growth = 4;

    private readonly Lazy<IFrameCompressor?> _zstd = new(() => find(FrameCompression.Zstd, options.CompressionBackend));
    private readonly Lazy<IFrameCompressor?> _lz4 = new(() => find(FrameCompression.Lz4, options.CompressionBackend));

    public DashStreamMessage Decode(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            throw Empty();
        }

        if (IsFrame(value[0]))
        {
            ThrowIfTooLong(value.Length, FrameByte);
            var compression = (FrameCompression)value[0];
            var content = value[FrameByte..];
            return compression == FrameCompression.None ? Parse(content) : Decompress(compression, content);
        }

        ThrowIfStrict(value[0]);
        ThrowIfTooLong(value.Length, 0);
        return CompressedFrame.StartsAsZstd(value) ? Decompress(FrameCompression.Zstd, value) : Parse(value);
    }

    public DashStreamMessage Decode(in ReadOnlySequence<byte> value)
    {
        if (value.IsSingleSegment)
        {
            return Decode(value.FirstSpan);
        }

        if (value.IsEmpty)
        {
            throw Empty();
        }

        ThrowIfTooLong(value.Length, FrameByte);
        var length = (int)value.Length;
        using var joined = new PooledBytes(length);
        value.CopyTo(joined.Span);
        return Decode(joined.Span);
    }

    public DashStreamMessage DecodeRaw(ReadOnlySpan<byte> value)
    {
        ThrowIfTooLong(value.Length, 0);
        return Parse(value);
    }

    private static CodecException Empty() =>
        new(CodecFailure.Empty, "Empty message payload: there is not even a frame byte.");

    private static bool IsFrame(byte first) => first <= (byte)FrameCompression.Lz4;

    private static DashStreamMessage Parse(ReadOnlySpan<byte> bytes)
    {
        if (WireCheck.FindFault(bytes, MessageShape.DashStreamMessage) is { } fault)
        {
            throw NotOfTheSchema(bytes.Length, fault, inner: null);
        }

        try
        {
            return DashStreamMessage.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw NotOfTheSchema(bytes.Length, exception.Message, exception);
        }
    }

    private static CodecException NotOfTheSchema(int length, string fault, Exception? inner) =>
        new(CodecFailure.Protobuf, $"The {length} bytes are not a message of the schema: {fault}.", inner);

    private void ThrowIfStrict(byte first)
    {
        if (options.Decoding == FrameDecoding.Strict)
        {
            throw new CodecException(
                CodecFailure.UnknownFrame,
                $"Invalid compression header byte: 0x{first:X2}. Frames begin with 0x00, 0x01 or 0x02; data from before there were frames needs FrameDecoding.Compatible.");
        }
    }

    private void ThrowIfTooLong(long length, int frameBytes)
    {
        var limit = (long)options.MaxDecodedBytes + frameBytes;
        if (length > limit)
        {
            throw new CodecException(
                CodecFailure.TooLarge, $"Message payload size of {length} bytes exceeds maximum of {limit} bytes (MaxDecodedBytes).");
        }
    }

    private DashStreamMessage Decompress(FrameCompression compression, ReadOnlySpan<byte> content)
    {
        if (!CompressedFrame.TryReadContentSize(compression, content, out var declared))
        {
            throw new CodecException(
                CodecFailure.Decompression, $"The {content.Length} bytes after the frame byte are not the start of {compression} data.");
        }

        if (declared > (ulong)options.MaxDecodedBytes)
        {
            throw DecompressedTooLarge($"declares {declared} bytes of content");
        }

        var compressor = (compression == FrameCompression.Lz4 ? _lz4 : _zstd).Value
            ?? throw new CodecException(CodecFailure.LibraryMissing, FrameCompressors.Missing(compression, options.CompressionBackend));
        return declared is { } size
            ? DecompressDeclared(compressor, content, (int)size)
            : DecompressUndeclared(compressor, content);
    }

    private static DashStreamMessage DecompressDeclared(IFrameCompressor compressor, ReadOnlySpan<byte> content, int size)
    {
        using var plain = new PooledBytes(size);
        var result = compressor.Decompress(content, plain.Span);
        if (result.Status != CompressorStatus.Done)
        {
            throw Failed(compressor, content.Length, result, $" The frame declares {size} bytes of content.");
        }

        if (result.Written != size)
        {
            throw new CodecException(
                CodecFailure.Decompression, $"A frame that declares {size} bytes of content holds {result.Written}.");
        }

        return Parse(plain.Span);
    }

    /// <summary>Tries ever larger buffers, never larger than the limit.</summary>
    private DashStreamMessage DecompressUndeclared(IFrameCompressor compressor, ReadOnlySpan<byte> content)
    {
        var room = Math.Min(FirstGuess, options.MaxDecodedBytes);
        while (true)
        {
            using var plain = new PooledBytes(room);
            var result = compressor.Decompress(content, plain.Span);
            if (result.Status == CompressorStatus.Done)
            {
                return Parse(plain.Span[..result.Written]);
            }

            if (result.Status != CompressorStatus.DestinationTooSmall)
            {
                throw Failed(compressor, content.Length, result, string.Empty);
            }

            if (room == options.MaxDecodedBytes)
            {
                throw DecompressedTooLarge("holds more");
            }

            room = (int)Math.Min((long)room * Growth, options.MaxDecodedBytes);
        }
    }

    private static CodecException Failed(IFrameCompressor compressor, int length, CompressorResult result, string detail)
    {
        var failure = result.Status switch
        {
            CompressorStatus.Truncated => CodecFailure.Truncated,
            CompressorStatus.Checksum => CodecFailure.Checksum,
            _ => CodecFailure.Decompression,
        };
        return new CodecException(failure, $"{compressor.Name} cannot decompress the {length} bytes of the frame: {result.Error}.{detail}");
    }

    private CodecException DecompressedTooLarge(string finding) =>
        new(
            CodecFailure.DecompressedTooLarge,
            $"Decompressed size exceeds maximum of {options.MaxDecodedBytes} bytes (MaxDecodedBytes): the frame {finding}.");
}
