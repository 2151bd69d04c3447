using System.Runtime.InteropServices;

namespace DashStream;

/// <summary>Zstandard by the C library, through its one-shot functions on pooled contexts.</summary>
internal sealed unsafe class NativeZstd : IFrameCompressor
{
    // The numbers of zstd_errors.h below 100 are fixed since 1.3.1.
    private const int ChecksumWrong = 22;
    private const int DestinationTooSmall = 70;
    private const int SourceSizeWrong = 72;

    private static readonly string[] LibraryNames = ["libzstd.so.1", "libzstd.1.dylib", "libzstd", "zstd"];

    private readonly delegate* unmanaged[Cdecl]<nuint, nuint> _compressBound;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint, byte*, nuint, int, nuint> _compress;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint, byte*, nuint, nuint> _decompress;
    private readonly delegate* unmanaged[Cdecl]<nuint, uint> _isError;
    private readonly delegate* unmanaged[Cdecl]<nuint, byte*> _errorName;
    private readonly NativeContextPool _compressors;
    private readonly NativeContextPool _decompressors;

    private NativeZstd(nint library)
    {
        _compressBound = (delegate* unmanaged[Cdecl]<nuint, nuint>)NativeLibrary.GetExport(library, "ZSTD_compressBound");
        _compress = (delegate* unmanaged[Cdecl]<nint, byte*, nuint, byte*, nuint, int, nuint>)NativeLibrary.GetExport(library, "ZSTD_compressCCtx");
        _decompress = (delegate* unmanaged[Cdecl]<nint, byte*, nuint, byte*, nuint, nuint>)NativeLibrary.GetExport(library, "ZSTD_decompressDCtx");
        _isError = (delegate* unmanaged[Cdecl]<nuint, uint>)NativeLibrary.GetExport(library, "ZSTD_isError");
        _errorName = (delegate* unmanaged[Cdecl]<nuint, byte*>)NativeLibrary.GetExport(library, "ZSTD_getErrorName");
        var version = (delegate* unmanaged[Cdecl]<byte*>)NativeLibrary.GetExport(library, "ZSTD_versionString");
        Name = $"libzstd {Marshal.PtrToStringUTF8((nint)version())}";
        _compressors = Contexts(library, "ZSTD_createCCtx", "ZSTD_freeCCtx");
        _decompressors = Contexts(library, "ZSTD_createDCtx", "ZSTD_freeDCtx");
    }

    public string Name { get; }

    /// <summary>Null when the library does not load here.</summary>
    public static NativeZstd? TryLoad() =>
        NativeLibraries.TryLoad(LibraryNames, "ZSTD_compressCCtx", out var library) ? new NativeZstd(library) : null;

    public int MaxCompressedBytes(int length) => checked((int)_compressBound((nuint)length));

    public CompressorResult Compress(ReadOnlySpan<byte> source, Span<byte> destination, int level)
    {
        var context = _compressors.Rent();
        if (context == 0)
        {
            return CompressorResult.Failed(CompressorStatus.Failed, "out of memory");
        }

        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            var written = _compress(context, to, (nuint)destination.Length, from, (nuint)source.Length, level);
            _compressors.Return(context);
            return Result(written);
        }
    }

    public CompressorResult Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var context = _decompressors.Rent();
        if (context == 0)
        {
            return CompressorResult.Failed(CompressorStatus.Failed, "out of memory");
        }

        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            var written = _decompress(context, to, (nuint)destination.Length, from, (nuint)source.Length);
            _decompressors.Return(context);
            return Result(written);
        }
    }

    private static NativeContextPool Contexts(nint library, string createName, string freeName)
    {
        var create = (delegate* unmanaged[Cdecl]<nint>)NativeLibrary.GetExport(library, createName);
        var free = (delegate* unmanaged[Cdecl]<nint, nuint>)NativeLibrary.GetExport(library, freeName);
        return new NativeContextPool(() => create(), context => _ = free(context));
    }

    private CompressorResult Result(nuint written)
    {
        if (_isError(written) == 0)
        {
            return CompressorResult.Done((int)written);
        }

        var status = (int)(0 - (long)written) switch
        {
            DestinationTooSmall => CompressorStatus.DestinationTooSmall,
            SourceSizeWrong => CompressorStatus.Truncated,
            ChecksumWrong => CompressorStatus.Checksum,
            _ => CompressorStatus.Failed,
        };
        return CompressorResult.Failed(status, Marshal.PtrToStringUTF8((nint)_errorName(written)) ?? "unknown error");
    }
}
