using System.Globalization;
using System.Text.Json;

namespace DashStream.Analysis;

/// <summary>
/// The time that a source itself gives a message: <c>timestamp_us</c>, or <c>timestamp</c>, <c>created_at</c> or <c>created</c> as ISO 8601 text or Unix seconds.
/// </summary>
internal static class SourceTime
{
    private const double MaxUnixSeconds = 253_402_300_799;

    private static readonly string[] Members = ["timestamp", "created_at", "created"];

    public static long? Of(JsonPlace message)
    {
        if (message.Optional("timestamp_us") is { Kind: JsonValueKind.Number } us)
        {
            return InRange(us, us.Double() / 1e6);
        }

        foreach (var name in Members)
        {
            if (message.Optional(name) is { } value)
            {
                return Parse(value);
            }
        }

        return null;
    }

    private static long Parse(JsonPlace value)
    {
        if (value.Kind == JsonValueKind.Number)
        {
            return InRange(value, value.Double());
        }

        var text = value.String();
        const DateTimeStyles Style = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Style, out var time) && time >= DateTimeOffset.UnixEpoch
            ? (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond
            : throw value.Fault("is no time since 1970; expected is ISO 8601 text or Unix seconds");
    }

    private static long InRange(JsonPlace value, double seconds) =>
        seconds is >= 0 and <= MaxUnixSeconds
            ? (long)Math.Round(seconds * 1e6)
            : throw value.Fault("is no time between 1970 and 9999; expected are Unix seconds (or microseconds in timestamp_us)");
}
