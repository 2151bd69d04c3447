using System.Globalization;

namespace DashStream.AgUi;

/// <summary>
/// Behind which event a reader goes on: the position of its message and, where a message becomes several events, how many of them were sent; and the anchor
/// from which a later reader gets there without reading all before. Written as PARTITION@OFFSET[:SENT][~ANCHOR].
/// </summary>
internal readonly record struct AgUiPlace(StreamPosition Position, int? Sent, AgUiAnchor? Anchor = null)
{
    private const int LongestText = 128;

    public static bool TryParse(string text, out AgUiPlace place)
    {
        place = default;
        if (text.Length > LongestText)
        {
            return false;
        }

        AgUiAnchor? anchor = null;
        var tilde = text.IndexOf('~', StringComparison.Ordinal);
        if (tilde >= 0)
        {
            if (!AgUiAnchor.TryParse(text.AsSpan(tilde + 1), out var read))
            {
                return false;
            }

            (anchor, text) = (read, text[..tilde]);
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var sent = 0;
        if (!StreamPosition.TryParse(colon < 0 ? text : text[..colon], CultureInfo.InvariantCulture, out var position)
            || anchor?.Offset > position.Offset
            || (colon >= 0 && (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out sent) || sent < 1)))
        {
            return false;
        }

        place = new AgUiPlace(position, colon < 0 ? null : sent, anchor);
        return true;
    }

    public override string ToString() => $"{Position}{(Sent is { } sent ? string.Create(CultureInfo.InvariantCulture, $":{sent}") : "")}{(Anchor is { } anchor ? $"~{anchor}" : "")}";
}
