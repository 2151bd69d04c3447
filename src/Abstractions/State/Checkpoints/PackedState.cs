using System.Security.Cryptography;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.State;

/// <summary>The state inside a checkpoint message: JSON, compressed when its length reaches a threshold, under the SHA-256 of the plain bytes.</summary>
internal static class PackedState
{
    /// <summary>Fills state, checksum and, when it was compressed, what was used.</summary>
    public static void Pack(Checkpoint message, ReadOnlyMemory<byte> state, int threshold, int level)
    {
        message.Checksum = UnsafeByteOperations.UnsafeWrap(SHA256.HashData(state.Span));
        var compressor = state.Length >= threshold ? FrameCompressors.Find(FrameCompression.Zstd, CompressionBackend.Auto) : null;
        if (compressor is null)
        {
            message.State = ByteString.CopyFrom(state.Span);
            return;
        }

        using var room = new PooledBytes(compressor.MaxCompressedBytes(state.Length));
        var result = compressor.Compress(state.Span, room.Span, level);
        if (result.Status != CompressorStatus.Done)
        {
            message.State = ByteString.CopyFrom(state.Span);
            return;
        }

        message.State = ByteString.CopyFrom(room.Span[..result.Written]);
        message.CompressionInfo = new CompressionInfo
        {
            Type = CompressionType.CompressionZstd,
            CompressedSize = (ulong)result.Written,
            UncompressedSize = (ulong)state.Length,
            CompressionRatio = (float)state.Length / Math.Max(1, result.Written),
        };
    }

    /// <summary>The plain state, verified.</summary>
    /// <exception cref="CheckpointException">It is damaged, too large, or compressed in an unknown way.</exception>
    public static ReadOnlyMemory<byte> Unpack(Checkpoint message, StateOptions options)
    {
        var state = message.CompressionInfo?.Type switch
        {
            null or CompressionType.CompressionNone => Plain(message, options),
            CompressionType.CompressionZstd => Decompress(message, FrameCompression.Zstd, options),
            CompressionType.CompressionLz4 => Decompress(message, FrameCompression.Lz4, options),
            var type => throw new CheckpointException(
                CheckpointFault.UnsupportedCompression, $"The checkpoint's state is compressed as number {(int)type}; this reader knows none, Zstandard and LZ4."),
        };
        if (message.Checksum.Length is not (0 or SHA256.HashSizeInBytes))
        {
            throw new CheckpointException(
                CheckpointFault.Malformed, $"The checkpoint's checksum has {message.Checksum.Length} bytes; a SHA-256 has {SHA256.HashSizeInBytes}.");
        }

        return message.Checksum.IsEmpty || message.Checksum.Span.SequenceEqual(SHA256.HashData(state.Span))
            ? state
            : throw new CheckpointException(CheckpointFault.ChecksumMismatch, "The checkpoint's state does not have the SHA-256 that it was sent with: it was damaged.");
    }

    private static ReadOnlyMemory<byte> Plain(Checkpoint message, StateOptions options)
    {
        ThrowIfTooLarge((ulong)message.State.Length, options);
        return message.State.Memory;
    }

    private static ReadOnlyMemory<byte> Decompress(Checkpoint message, FrameCompression compression, StateOptions options)
    {
        // What the frame declares decides; what the message says of it must agree.
        var announced = message.CompressionInfo.UncompressedSize;
        if (!CompressedFrame.TryReadContentSize(compression, message.State.Span, out var declared))
        {
            throw new CheckpointException(CheckpointFault.Malformed, $"The checkpoint's state does not begin as {compression} does.");
        }

        var size = declared ?? announced;
        ThrowIfTooLarge(size, options);
        if (announced != 0 && announced != size)
        {
            throw new CheckpointException(CheckpointFault.Malformed, $"The checkpoint announces {announced} bytes of state, its compressed form {size}.");
        }

        var compressor = FrameCompressors.Find(compression, CompressionBackend.Auto)
            ?? throw new CheckpointException(CheckpointFault.UnsupportedCompression, FrameCompressors.Missing(compression, CompressionBackend.Auto));
        var state = new byte[size];
        var result = compressor.Decompress(message.State.Span, state);
        return result.Status == CompressorStatus.Done && result.Written == state.Length
            ? state
            : throw new CheckpointException(CheckpointFault.Malformed, $"The checkpoint's state cannot be decompressed ({compressor.Name}: {result.Error ?? "wrong length"}).");
    }

    private static void ThrowIfTooLarge(ulong size, StateOptions options)
    {
        if (size > (ulong)options.MaxStateBytes)
        {
            throw new CheckpointException(
                CheckpointFault.TooLarge, $"The checkpoint's state has {size} bytes; the limit is {options.MaxStateBytes} ({nameof(StateOptions.MaxStateBytes)}).");
        }
    }
}
