using System.Globalization;

namespace DashStream.Cli.Parsing;

/// <summary>Times as users write them: ISO 8601, or how long ago (<c>90s</c>, <c>15m</c>, <c>2h</c>, <c>7d</c>).</summary>
internal static class TimeText
{
    public const string Forms = "ISO 8601 (2026-05-15T15:00:00Z) or how long ago (90s, 15m, 2h, 7d)";

    public static bool TryParse(string text, DateTimeOffset now, out long timestampUs)
    {
        timestampUs = 0;
        if (TryAgo(text, out var ago))
        {
            timestampUs = Us(now - ago);
            return true;
        }

        const DateTimeStyles Style = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (text.Length < 8 || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Style, out var time) || time < DateTimeOffset.UnixEpoch)
        {
            return false;
        }

        timestampUs = Us(time);
        return true;
    }

    private static bool TryAgo(string text, out TimeSpan ago)
    {
        ago = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var n))
        {
            return false;
        }

        TimeSpan? unit = char.ToLowerInvariant(text[^1]) switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        ago = (unit ?? default) * Math.Min(n, 1_000_000);
        return unit is not null && ago < TimeSpan.FromDays(18_000);
    }

    private static long Us(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
