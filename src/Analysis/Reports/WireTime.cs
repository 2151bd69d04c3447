using System.Globalization;

namespace DashStream.Analysis;

/// <summary>Microseconds since the Unix epoch as text.</summary>
internal static class WireTime
{
    private const long MinUs = -62_135_596_800_000_000;
    private const long MaxUs = 253_402_300_799_999_999;

    /// <summary>RFC 3339 in UTC with as many digits as are needed (0, 3 or 6), or <c>invalid</c> outside the years 1 to 9999.</summary>
    public static string Iso(long timestampUs)
    {
        if (timestampUs is < MinUs or > MaxUs)
        {
            return "invalid";
        }

        var time = DateTime.UnixEpoch.AddTicks(timestampUs * TimeSpan.TicksPerMicrosecond);
        var format = (timestampUs % 1_000_000, timestampUs % 1_000) switch
        {
            (0, _) => "yyyy-MM-ddTHH:mm:ss'+00:00'",
            (_, 0) => "yyyy-MM-ddTHH:mm:ss.fff'+00:00'",
            _ => "yyyy-MM-ddTHH:mm:ss.ffffff'+00:00'",
        };
        return time.ToString(format.Replace("'+00:00'", "'+00:00'", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
