using System.Buffers;
using DashStream.Protocol;
using DashStream.Telemetry;
using Google.Protobuf;

namespace DashStream;

/// <summary>Turns a message into a frame: one encoding, and one compression when the message is above the threshold.</summary>
internal sealed class FrameEncoder(MessageCodecOptions options, Func<FrameCompression, CompressionBackend, IFrameCompressor?> find)
{
    private const int FrameByte = 1;

    // A second compression decides only when the first came out this close to not paying, plus a 32nd of the message: setting the
    // compression field changes the compressed size by a few bytes at most, more in a batch of many events.
    private const int BreakEvenMargin = 64;
    private const int BreakEvenShare = 32;

    private readonly Lazy<IFrameCompressor?> _compressor = new(() => find(options.Compression, options.CompressionBackend));
    private readonly bool _compresses = options.CompressionEnabled && options.Compression != FrameCompression.None;
    private long _compressionFailures;
    private int _missingTold;

    public event Action<string>? Warned;

    public long CompressionFailures => Interlocked.Read(ref _compressionFailures);

    public FrameInfo Encode(DashStreamMessage message, IBufferWriter<byte> output)
    {
        AttributeNesting.ThrowIfTooDeep(message);
        var size = message.CalculateSize();
        ThrowIfTooLarge(size);
        if (!ShouldCompress(size))
        {
            var frame = output.GetSpan(FrameByte + size)[..(FrameByte + size)];
            message.WriteTo(frame[FrameByte..]);
            return Finish(frame, FrameCompression.None, size, output);
        }

        using var plain = new PooledBytes(size);
        message.WriteTo(plain.Span);
        return EncodeCompressed(plain.Span, message.MessageCase, output);
    }

    public FrameInfo Encode(DashStreamMessage message, Header header, IBufferWriter<byte> output)
    {
        AttributeNesting.ThrowIfTooDeep(message);
        var size = message.CalculateSize();
        var headerSize = header.CalculateSize();
        using var encoded = new PooledBytes(size + headerSize);
        var unstamped = encoded.Span[..size];
        var stamp = encoded.Span[size..];
        message.WriteTo(unstamped);
        header.WriteTo(stamp);

        size = EncodedHeaders.StampedLength(unstamped, headerSize);
        ThrowIfTooLarge(size);
        if (!ShouldCompress(size))
        {
            var frame = output.GetSpan(FrameByte + size)[..(FrameByte + size)];
            EncodedHeaders.Stamp(unstamped, stamp, frame[FrameByte..]);
            return Finish(frame, FrameCompression.None, size, output);
        }

        using var plain = new PooledBytes(size);
        EncodedHeaders.Stamp(unstamped, stamp, plain.Span);
        return EncodeCompressed(plain.Span, message.MessageCase, output);
    }

    public FrameInfo EncodeRaw(DashStreamMessage message, IBufferWriter<byte> output)
    {
        AttributeNesting.ThrowIfTooDeep(message);
        var size = message.CalculateSize();
        ThrowIfTooLarge(size);
        message.WriteTo(output.GetSpan(size)[..size]);
        output.Advance(size);
        return new FrameInfo(FrameCompression.None, size, size);
    }

    private static FrameInfo Finish(Span<byte> frame, FrameCompression compression, int encodedBytes, IBufferWriter<byte> output)
    {
        frame[0] = (byte)compression;
        output.Advance(frame.Length);
        return new FrameInfo(compression, encodedBytes, frame.Length);
    }

    private static FrameInfo WritePlain(ReadOnlySpan<byte> plain, Span<byte> target, IBufferWriter<byte> output)
    {
        plain.CopyTo(target[FrameByte..]);
        return Finish(target[..(FrameByte + plain.Length)], FrameCompression.None, plain.Length, output);
    }

    private bool ShouldCompress(int size) => _compresses && size > options.CompressionThresholdBytes;

    private void ThrowIfTooLarge(int size)
    {
        if (size > options.MaxMessageBytes)
        {
            throw new CodecException(
                CodecFailure.TooLarge,
                $"Uncompressed message size of {size} bytes exceeds maximum of {options.MaxMessageBytes} bytes (MaxMessageBytes). Send less, or raise the limit on both sides.");
        }
    }

    private FrameInfo EncodeCompressed(ReadOnlySpan<byte> plain, DashStreamMessage.MessageOneofCase body, IBufferWriter<byte> output)
    {
        var hasBody = body != DashStreamMessage.MessageOneofCase.None;
        var isBatch = body == DashStreamMessage.MessageOneofCase.EventBatch;
        var markedLength = hasBody ? EncodedHeaders.MarkedLength(plain, isBatch) : plain.Length;
        var compressor = _compressor.Value;
        if (compressor is null)
        {
            TellMissingOnce();
            return WritePlain(plain, output.GetSpan(FrameByte + plain.Length), output);
        }

        var target = output.GetSpan(FrameByte + Math.Max(plain.Length, compressor.MaxCompressedBytes(markedLength)));
        using var marked = new PooledBytes(markedLength);
        if (hasBody)
        {
            EncodedHeaders.Mark(plain, isBatch, options.Compression, marked.Span);
        }
        else
        {
            plain.CopyTo(marked.Span);
        }

        var written = TryCompress(compressor, marked.Span, target[FrameByte..]);
        return Pays(compressor, plain, markedLength, written)
            ? Finish(target[..(FrameByte + written)], options.Compression, plain.Length, output)
            : WritePlain(plain, target, output);
    }

    /// <summary>
    /// Whether to send the compressed form. The wire rule compresses twice: the message as it is, and, if that is smaller, the message
    /// with its headers marked; both must be smaller than what they were made from. Away from the boundary the second result alone
    /// tells the same.
    /// </summary>
    private bool Pays(IFrameCompressor compressor, ReadOnlySpan<byte> plain, int markedLength, int written)
    {
        if (written >= markedLength)
        {
            return false;
        }

        if (written + BreakEvenMargin + (plain.Length / BreakEvenShare) < plain.Length)
        {
            return true;
        }

        using var scratch = new PooledBytes(compressor.MaxCompressedBytes(plain.Length));
        return TryCompress(compressor, plain, scratch.Span) < plain.Length;
    }

    /// <summary>The bytes written, or a length that never pays when the compressor failed.</summary>
    private int TryCompress(IFrameCompressor compressor, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var result = compressor.Compress(source, destination, options.CompressionLevel);
        if (result.Status == CompressorStatus.Done)
        {
            return result.Written;
        }

        Interlocked.Increment(ref _compressionFailures);
        PipelineMeter.CompressionFailures.Add(1);
        Warned?.Invoke($"{compressor.Name} could not compress a message of {source.Length} bytes ({result.Error}); it is sent uncompressed.");
        return int.MaxValue;
    }

    private void TellMissingOnce()
    {
        if (Interlocked.Exchange(ref _missingTold, 1) == 0)
        {
            Warned?.Invoke($"Messages are sent uncompressed. {FrameCompressors.Missing(options.Compression, options.CompressionBackend)}");
        }
    }
}
