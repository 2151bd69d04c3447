namespace DashStream;

/// <summary>The compressors of this process, each looked for once.</summary>
internal static partial class FrameCompressors
{
    private static readonly Lazy<IFrameCompressor?> NativeZstdLibrary = new(NativeZstd.TryLoad);
    private static readonly Lazy<IFrameCompressor?> ManagedZstdPackage = new(FindManagedZstd);
    private static readonly Lazy<IFrameCompressor?> NativeLz4Library = new(NativeLz4.TryLoad);

    /// <summary>Null when what is asked for is not on this machine.</summary>
    public static IFrameCompressor? Find(FrameCompression compression, CompressionBackend backend) => (compression, backend) switch
    {
        (FrameCompression.Lz4, _) => NativeLz4Library.Value,
        (FrameCompression.Zstd, CompressionBackend.Native) => NativeZstdLibrary.Value,
        (FrameCompression.Zstd, CompressionBackend.Managed) => ManagedZstdPackage.Value,
        (FrameCompression.Zstd, _) => NativeZstdLibrary.Value ?? ManagedZstdPackage.Value,
        _ => null,
    };

    /// <summary>What is missing and how to get it, for notices and errors.</summary>
    public static string Missing(FrameCompression compression, CompressionBackend backend) => (compression, backend) switch
    {
        (FrameCompression.Lz4, _) =>
            "LZ4 needs the native library liblz4 (liblz4.so.1), which does not load on this machine. Debian and Ubuntu: apt-get install liblz4-1",
        (_, CompressionBackend.Managed) =>
            "The managed Zstandard that the option CompressionBackend asks for is not part of this build. Set it to Auto.",
        _ =>
            "Zstandard needs the native library libzstd (libzstd.so.1), which does not load on this machine. Debian and Ubuntu: apt-get install libzstd1",
    };

    static partial void AddManagedZstd(ref IFrameCompressor? managed);

    private static IFrameCompressor? FindManagedZstd()
    {
        IFrameCompressor? managed = null;
        AddManagedZstd(ref managed);
        return managed;
    }
}
