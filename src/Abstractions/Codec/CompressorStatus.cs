namespace DashStream;

/// <summary>How a call of an <see cref="IFrameCompressor"/> ended.</summary>
internal enum CompressorStatus
{
    Done,
    DestinationTooSmall,
    Truncated,
    Checksum,
    Failed,
}
