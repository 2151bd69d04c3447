using System.Runtime.InteropServices;

namespace DashStream;

/// <summary>LZ4 frames by the C library: fast mode, content size declared, content checksum on.</summary>
internal sealed unsafe class NativeLz4 : IFrameCompressor
{
    private const uint ApiVersion = 100; // LZ4F_VERSION

    private static readonly string[] LibraryNames = ["liblz4.so.1", "liblz4.1.dylib", "liblz4", "lz4"];

    private readonly delegate* unmanaged[Cdecl]<nuint, Preferences*, nuint> _compressBound;
    private readonly delegate* unmanaged[Cdecl]<byte*, nuint, byte*, nuint, Preferences*, nuint> _compress;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint*, byte*, nuint*, void*, nuint> _decompress;
    private readonly delegate* unmanaged[Cdecl]<nint, void> _resetDecompressor;
    private readonly delegate* unmanaged[Cdecl]<nuint, uint> _isError;
    private readonly delegate* unmanaged[Cdecl]<nuint, byte*> _errorName;
    private readonly NativeContextPool _decompressors;

    private NativeLz4(nint library)
    {
        _compressBound = (delegate* unmanaged[Cdecl]<nuint, Preferences*, nuint>)NativeLibrary.GetExport(library, "LZ4F_compressFrameBound");
        _compress = (delegate* unmanaged[Cdecl]<byte*, nuint, byte*, nuint, Preferences*, nuint>)NativeLibrary.GetExport(library, "LZ4F_compressFrame");
        _decompress = (delegate* unmanaged[Cdecl]<nint, byte*, nuint*, byte*, nuint*, void*, nuint>)NativeLibrary.GetExport(library, "LZ4F_decompress");
        _resetDecompressor = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(library, "LZ4F_resetDecompressionContext");
        _isError = (delegate* unmanaged[Cdecl]<nuint, uint>)NativeLibrary.GetExport(library, "LZ4F_isError");
        _errorName = (delegate* unmanaged[Cdecl]<nuint, byte*>)NativeLibrary.GetExport(library, "LZ4F_getErrorName");
        var version = (delegate* unmanaged[Cdecl]<byte*>)NativeLibrary.GetExport(library, "LZ4_versionString");
        Name = $"liblz4 {Marshal.PtrToStringUTF8((nint)version())}";
        _decompressors = Contexts(library);
    }

    public string Name { get; }

    /// <summary>Null when the library does not load here.</summary>
    public static NativeLz4? TryLoad() =>
        NativeLibraries.TryLoad(LibraryNames, "LZ4F_resetDecompressionContext", out var library) ? new NativeLz4(library) : null;

    public int MaxCompressedBytes(int length)
    {
        var preferences = Preferences.ForContent(length);
        return checked((int)_compressBound((nuint)length, &preferences));
    }

    public CompressorResult Compress(ReadOnlySpan<byte> source, Span<byte> destination, int level)
    {
        var preferences = Preferences.ForContent(source.Length);
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            var written = _compress(to, (nuint)destination.Length, from, (nuint)source.Length, &preferences);
            return _isError(written) == 0 ? CompressorResult.Done((int)written) : Failed(written);
        }
    }

    public CompressorResult Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var context = _decompressors.Rent();
        if (context == 0)
        {
            return CompressorResult.Failed(CompressorStatus.Failed, "out of memory");
        }

        try
        {
            return Decompress(context, source, destination);
        }
        finally
        {
            _resetDecompressor(context);
            _decompressors.Return(context);
        }
    }

    private static NativeContextPool Contexts(nint library)
    {
        var create = (delegate* unmanaged[Cdecl]<nint*, uint, nuint>)NativeLibrary.GetExport(library, "LZ4F_createDecompressionContext");
        var free = (delegate* unmanaged[Cdecl]<nint, nuint>)NativeLibrary.GetExport(library, "LZ4F_freeDecompressionContext");
        return new NativeContextPool(
            () =>
            {
                nint context = 0;
                return create(&context, ApiVersion) == 0 ? context : 0;
            },
            context => _ = free(context));
    }

    private CompressorResult Decompress(nint context, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var read = 0;
        var written = 0;
        while (true)
        {
            nuint consumed = (nuint)(source.Length - read);
            nuint produced = (nuint)(destination.Length - written);
            nuint hint;
            fixed (byte* from = source[read..])
            fixed (byte* to = destination[written..])
            {
                hint = _decompress(context, to, &produced, from, &consumed, null);
            }

            if (_isError(hint) != 0)
            {
                return Failed(hint);
            }

            read += (int)consumed;
            written += (int)produced;
            if (hint == 0)
            {
                return read == source.Length
                    ? CompressorResult.Done(written)
                    : CompressorResult.Failed(CompressorStatus.Failed, $"{source.Length - read} bytes after the end of the frame");
            }

            if (consumed == 0 && produced == 0)
            {
                return read == source.Length
                    ? CompressorResult.Failed(CompressorStatus.Truncated, "the frame is not complete")
                    : CompressorResult.Failed(CompressorStatus.DestinationTooSmall, "the content is larger than its room");
            }
        }
    }

    // LZ4 fixes the names of its errors, not their numbers.
    private CompressorResult Failed(nuint code)
    {
        var name = Marshal.PtrToStringUTF8((nint)_errorName(code)) ?? "unknown error";
        var status = name switch
        {
            "ERROR_contentChecksum_invalid" or "ERROR_blockChecksum_invalid" or "ERROR_headerChecksum_invalid" => CompressorStatus.Checksum,
            "ERROR_dstMaxSize_tooSmall" => CompressorStatus.DestinationTooSmall,
            "ERROR_srcSize_tooLarge" or "ERROR_frameHeader_incomplete" => CompressorStatus.Truncated,
            _ => CompressorStatus.Failed,
        };
        return CompressorResult.Failed(status, name);
    }

    /// <summary>LZ4F_preferences_t: what lz4frame.h has since 1.8.3, zero meaning the default everywhere.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Preferences
    {
        public int BlockSizeId;
        public int BlockMode;
        public int ContentChecksum;
        public int FrameType;
        public ulong ContentSize;
        public uint DictionaryId;
        public int BlockChecksum;
        public int CompressionLevel;
        public uint AutoFlush;
        public uint FavorDecompressionSpeed;
        public uint Reserved1;
        public uint Reserved2;
        public uint Reserved3;

        public static Preferences ForContent(int length) => new() { ContentChecksum = 1, ContentSize = (ulong)length };
    }
}
