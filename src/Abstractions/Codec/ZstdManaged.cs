using ZstdSharp;
using ZstdSharp.Unsafe;

namespace DashStream;

/// <summary>
/// Zstandard in managed code, for machines without the native library. Compiled where the registry has the package; the project file
/// decides.
/// </summary>
internal sealed class ZstdManaged : IFrameCompressor
{
    // Neither is safe for concurrent use and both are costly to make, so each thread keeps its own.
    [ThreadStatic]
    private static Compressor? _compressor;

    [ThreadStatic]
    private static Decompressor? _decompressor;

    public string Name => "ZstdSharp";

    public int MaxCompressedBytes(int length) => Compressor.GetCompressBound(length);

    public CompressorResult Compress(ReadOnlySpan<byte> source, Span<byte> destination, int level)
    {
        try
        {
            var compressor = _compressor ??= new Compressor();
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
            var decompressor = _decompressor ??= new Decompressor();
            return decompressor.TryUnwrap(source, destination, out var written)
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
