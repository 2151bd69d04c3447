using System.Globalization;

namespace DashStream.AgUi;

/// <summary>
/// Behind which event a reader goes on: the position of its message and, where a message becomes several events, how many of them were sent. Written as
/// PARTITION@OFFSET behind the last event of a message, as PARTITION@OFFSET:SENT before that.
/// </summary>
internal readonly record struct AgUiPlace(StreamPosition Position, int? Sent)
{
    public static bool TryParse(string text, out AgUiPlace place)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var sent = 0;
        if (!StreamPosition.TryParse(colon < 0 ? text : text[..colon], CultureInfo.InvariantCulture, out var position)
            || (colon >= 0 && (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out sent) || sent < 1)))
        {
            place = default;
            return false;
        }

        place = new AgUiPlace(position, colon < 0 ? null : sent);
        return true;
    }

    public override string ToString() => Sent is { } sent ? string.Create(CultureInfo.InvariantCulture, $"{Position}:{sent}") : Position.ToString();
}
