using System.Globalization;

namespace DashStream;

/// <summary>Reads the headers of a dead letter; what is absent or not understood is null.</summary>
internal static class DeadLetterHeaderReader
{
    public static string NameOf(DeadLetterStage stage) => stage switch
    {
        DeadLetterStage.Send => "send",
        DeadLetterStage.Decode => "decode",
        _ => "handler",
    };

    public static DeadLetterStage? Stage(StreamHeaders headers) => Text(headers, DeadLetterHeaders.Stage) switch
    {
        "send" => DeadLetterStage.Send,
        "decode" => DeadLetterStage.Decode,
        "handler" => DeadLetterStage.Handler,
        _ => null,
    };

    public static string? Text(StreamHeaders headers, string name) => headers.TryGet(name, out var header) ? header.Text : null;

    public static int? Number(StreamHeaders headers, string name) =>
        Long(headers, name) is { } number && number is >= 0 and <= int.MaxValue ? (int)number : null;

    public static long? Long(StreamHeaders headers, string name) =>
        long.TryParse(Text(headers, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The headers that the record had before it failed.</summary>
    public static StreamHeaders Original(StreamHeaders headers) => StreamHeaders.Create(
        [.. headers.Where(IsOriginal).Select(header => new StreamHeader(header.Name[DeadLetterHeaders.OriginalPrefix.Length..], header.Value))]);

    public static bool IsOriginal(StreamHeader header) =>
        header.Name.Length > DeadLetterHeaders.OriginalPrefix.Length
        && header.Name.StartsWith(DeadLetterHeaders.OriginalPrefix, StringComparison.OrdinalIgnoreCase);
}
