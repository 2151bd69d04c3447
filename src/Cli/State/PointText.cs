using System.Globalization;
using DashStream.Cli.Parsing;
using DashStream.State;

namespace DashStream.Cli.State;

/// <summary>A moment as users write it: <c>latest</c>, a number, a position <c>P@O</c>, or a time.</summary>
internal static class PointText
{
    public const string Forms = "latest, a message's number, PARTITION@OFFSET, or a time: " + TimeText.Forms;

    public static bool TryParse(string text, DateTimeOffset now, out StatePoint point)
    {
        point = StatePoint.Latest;
        if (text.Equals("latest", StringComparison.OrdinalIgnoreCase) || text.Equals("end", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) && sequence > 0)
        {
            point = StatePoint.AtSequence(sequence);
            return true;
        }

        if (StreamPosition.TryParse(text, CultureInfo.InvariantCulture, out var position))
        {
            point = StatePoint.AtPosition(position);
            return true;
        }

        if (!TimeText.TryParse(text, now, out var timestampUs))
        {
            return false;
        }

        point = StatePoint.AtTime(timestampUs);
        return true;
    }
}
