namespace DashStream;

/// <summary>One implementation of one compression format, over whole frames. Safe for concurrent use.</summary>
internal interface IFrameCompressor
{
    /// <summary>The library and its version, for notices.</summary>
    string Name { get; }

    /// <summary>Room that any result of compressing <paramref name="length"/> bytes fits in.</summary>
    int MaxCompressedBytes(int length);

    /// <summary>Writes one frame that declares its content size.</summary>
    CompressorResult Compress(ReadOnlySpan<byte> source, Span<byte> destination, int level);

    /// <summary>Decompresses a frame into at most <paramref name="destination"/>; never writes beyond it.</summary>
    CompressorResult Decompress(ReadOnlySpan<byte> source, Span<byte> destination);
}
