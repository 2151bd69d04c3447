namespace DashStream;

/// <summary>What a compressor did: how many bytes it wrote, or why it could not.</summary>
internal readonly record struct CompressorResult(CompressorStatus Status, int Written, string? Error)
{
    public static CompressorResult Done(int written) => new(CompressorStatus.Done, written, null);

    public static CompressorResult Failed(CompressorStatus status, string error) => new(status, 0, error);
}
