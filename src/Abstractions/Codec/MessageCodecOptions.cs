namespace DashStream;

/// <summary>
/// How messages become frames and frames become messages. A <see cref="MessageCodec"/> takes a copy when it is made; later changes
/// have no effect on it.
/// </summary>
public sealed class MessageCodecOptions
{
    private const int OneMebibyte = 1024 * 1024;
    private const int LargestLimit = 1024 * OneMebibyte;
    private const int LowestLevel = 1;
    private const int HighestLevel = 22;

    /// <summary>Whether messages above the threshold are compressed. Default: true. Reading is not affected.</summary>
    public bool CompressionEnabled { get; set; } = true;

    /// <summary>
    /// Messages are compressed only when their encoding is larger than this many bytes. Default: 512. Allowed: 0 to 1,073,741,824.
    /// </summary>
    public int CompressionThresholdBytes { get; set; } = 512;

    /// <summary>With what messages are compressed. Default: <see cref="FrameCompression.Zstd"/>.</summary>
    public FrameCompression Compression { get; set; } = FrameCompression.Zstd;

    /// <summary>
    /// The Zstandard level: higher is smaller and slower. Default: 3. Allowed: 1 to 22. LZ4 is always used in its fast mode.
    /// </summary>
    public int CompressionLevel { get; set; } = 3;

    /// <summary>
    /// The largest message that is encoded, in bytes of plain protobuf. Larger ones are refused. Default: 1 MiB. Allowed: 1 to
    /// 1,073,741,824.
    /// </summary>
    public int MaxMessageBytes { get; set; } = OneMebibyte;

    /// <summary>
    /// The largest message that is decoded, in bytes of plain protobuf: limits what comes in, what a compressed frame may declare and
    /// what it may decompress to. Checked before memory is taken. Default: 10 MiB. Allowed: 1 to 1,073,741,824.
    /// </summary>
    public int MaxDecodedBytes { get; set; } = 10 * OneMebibyte;

    /// <summary>Which bytes are taken for a message. Default: <see cref="FrameDecoding.Strict"/>.</summary>
    public FrameDecoding Decoding { get; set; } = FrameDecoding.Strict;

    /// <summary>Which schema versions are accepted when decoding. Default: <see cref="SchemaCompatibility.Exact"/>.</summary>
    public SchemaCompatibility SchemaPolicy { get; set; } = SchemaCompatibility.Exact;

    /// <summary>
    /// Whether a decoded message, and every event of a decoded batch, must have a header. Default: true.
    /// </summary>
    public bool RequireHeader { get; set; } = true;

    /// <summary>Which implementation of Zstandard is used. Default: <see cref="CompressionBackend.Auto"/>.</summary>
    public CompressionBackend CompressionBackend { get; set; } = CompressionBackend.Auto;

    /// <summary>Every setting that is out of range, in words: the key, the value, what is allowed.</summary>
    internal IEnumerable<string> Errors()
    {
        if (CompressionThresholdBytes is < 0 or > LargestLimit)
        {
            yield return OutOfRange(nameof(CompressionThresholdBytes), CompressionThresholdBytes, 0, LargestLimit);
        }

        if (CompressionLevel is < LowestLevel or > HighestLevel)
        {
            yield return OutOfRange(nameof(CompressionLevel), CompressionLevel, LowestLevel, HighestLevel);
        }

        if (MaxMessageBytes is < 1 or > LargestLimit)
        {
            yield return OutOfRange(nameof(MaxMessageBytes), MaxMessageBytes, 1, LargestLimit);
        }

        if (MaxDecodedBytes is < 1 or > LargestLimit)
        {
            yield return OutOfRange(nameof(MaxDecodedBytes), MaxDecodedBytes, 1, LargestLimit);
        }

        string?[] names =
        [
            Unknown(nameof(Compression), Compression), Unknown(nameof(Decoding), Decoding),
            Unknown(nameof(SchemaPolicy), SchemaPolicy), Unknown(nameof(CompressionBackend), CompressionBackend),
        ];
        foreach (var error in names.OfType<string>())
        {
            yield return error;
        }
    }

    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range; the message lists every one.</exception>
    internal void Validate()
    {
        var errors = string.Join(" ", Errors());
        if (errors.Length > 0)
        {
            throw new ArgumentOutOfRangeException(nameof(MessageCodecOptions), errors);
        }
    }

    internal MessageCodecOptions Copy() => (MessageCodecOptions)MemberwiseClone();

    private static string OutOfRange(string key, int value, int lowest, int highest) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{key} is {value}; allowed: {lowest} to {highest}.");

    private static string? Unknown<T>(string key, T value)
        where T : struct, Enum =>
        Enum.IsDefined(value) ? null : $"{key} is {value:D}; allowed: {string.Join(", ", Enum.GetNames<T>())}.";
}
