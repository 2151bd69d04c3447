using DashStream.Protocol;
using Body = DashStream.Protocol.DashStreamMessage.MessageOneofCase;

namespace DashStream.Cli.Parsing;

/// <summary>A kind of message that can be asked for by name: one of the nine bodies, or one event type.</summary>
internal readonly record struct MessageKind(Body Body, EventType? EventType)
{
    public static string Known => string.Join(", ", Enum.GetValues<Body>().Where(body => body != Body.None).Select(Dashed))
        + ", or an event type such as NODE_START";

    /// <summary>Reads <c>token-chunk</c>, <c>TokenChunk</c>, <c>TOKEN_CHUNK</c> or <c>graph-start</c>.</summary>
    public static bool TryParse(string text, out MessageKind kind)
    {
        var name = text.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
        if (IsName(name) && Enum.TryParse<Body>(name, ignoreCase: true, out var body) && body != Body.None)
        {
            kind = new MessageKind(body, null);
            return true;
        }

        if (IsName(name) && Enum.TryParse<EventType>(name, ignoreCase: true, out var type))
        {
            kind = new MessageKind(Body.Event, type);
            return true;
        }

        kind = default;
        return false;
    }

    public bool Matches(DashStreamMessage message) => EventType is { } type
        ? (message.MessageCase == Body.Event && message.Event.EventType == type)
            || (message.MessageCase == Body.EventBatch && message.EventBatch.Events.Any(inner => inner.EventType == type))
        : message.MessageCase == Body;

    // Enum.TryParse takes numbers and lists as well.
    private static bool IsName(string text) => text.Length > 0 && text.All(char.IsAsciiLetter);

    private static string Dashed(Body body) => string.Concat(body.ToString().Select((c, i) =>
        char.IsUpper(c) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(c) : c.ToString()));
}
