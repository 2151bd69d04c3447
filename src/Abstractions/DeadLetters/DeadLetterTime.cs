using System.Globalization;

namespace DashStream;

/// <summary>Times as the original writes them: RFC 3339 with <c>+00:00</c> and none, three, six or nine digits of a second, as many as are needed.</summary>
internal static class DeadLetterTime
{
    private const int TicksPerMillisecond = (int)TimeSpan.TicksPerMillisecond;
    private const int TicksPerMicrosecond = (int)TimeSpan.TicksPerMicrosecond;

    public static string Text(DateTimeOffset time)
    {
        var part = (int)(time.UtcTicks % TimeSpan.TicksPerSecond);
        var format = part switch
        {
            0 => "yyyy-MM-ddTHH:mm:ss",
            _ when part % TicksPerMillisecond == 0 => "yyyy-MM-ddTHH:mm:ss.fff",
            _ when part % TicksPerMicrosecond == 0 => "yyyy-MM-ddTHH:mm:ss.ffffff",
            _ => "yyyy-MM-ddTHH:mm:ss.fffffff'00'",
        };
        return time.UtcDateTime.ToString(format, CultureInfo.InvariantCulture) + "+00:00";
    }

    /// <summary>Nanoseconds are cut to the 100 ns that a time holds.</summary>
    public static DateTimeOffset? Parse(string text)
    {
        const DateTimeStyles Style = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        const int MostDigits = 7;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0)
        {
            var digits = 0;
            while (dot + 1 + digits < text.Length && char.IsAsciiDigit(text[dot + 1 + digits]))
            {
                digits++;
            }

            text = digits > MostDigits ? text.Remove(dot + 1 + MostDigits, digits - MostDigits) : text;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Style, out var time) ? time : null;
    }
}
