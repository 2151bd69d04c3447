using ZstdSharp;
using ZstdSharp.Unsafe;

namespace DashStream;

/// <summary>
/// Zstandard in managed code, for machines without the native library. Compiled where the registry has the package; the project file
/// decides.
/// </summary>
internal sealed class ZstdManaged : IFrameCompressor
{
    // A context is a few hundred kilobytes, so one is kept for each thread that compresses or decompresses.
    private readonly ThreadLocal<Compressor> _compressors = new(() => new Compressor());
    private readonly ThreadLocal<Decompressor> _decompressors = new(() => new Decompressor());

    public string Name => "ZstdSharp";

    public int MaxCompressedBytes(int length) => Compressor.GetCompressBound(length);

    public CompressorResult Compress(ReadOnlySpan<byte> source, Span<byte> destination, int level)
    {
        try
        {
            var compressor = _compressors.Value!;
            compressor.Level = level;
            return compressor.TryWrap(source, destination, out var written)
                ? CompressorResult.Done(written)
                : CompressorResult.Failed(CompressorStatus.DestinationTooSmall, "the result is larger than its room");
        }
        catch (ZstdException exception)
        {
            return Failed(exception);
        }
    }

    public CompressorResult Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        try
        {
            return _decompressors.Value!.TryUnwrap(source, destination, out var written)
                ? CompressorResult.Done(written)
                : CompressorResult.Failed(CompressorStatus.DestinationTooSmall, "the content is larger than its room");
        }
        catch (ZstdException exception)
        {
            return Failed(exception);
        }
    }

    private static CompressorResult Failed(ZstdException exception) => exception.Code switch
    {
        ZSTD_ErrorCode.ZSTD_error_srcSize_wrong => CompressorResult.Failed(CompressorStatus.Truncated, exception.Message),
        ZSTD_ErrorCode.ZSTD_error_checksum_wrong => CompressorResult.Failed(CompressorStatus.Checksum, exception.Message),
        _ => CompressorResult.Failed(CompressorStatus.Failed, exception.Message),
    };
}

/// <summary>Makes <see cref="ZstdManaged"/> known.</summary>
internal static partial class FrameCompressors
{
    static partial void AddManagedZstd(ref IFrameCompressor? managed) => managed = new ZstdManaged();
}
