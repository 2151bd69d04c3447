using DashStream.Protocol;
using Google.Protobuf.Collections;

namespace DashStream.AgUi;

/// <summary>How what our messages have no place for rides along, as attributes of events or the context of errors.</summary>
internal static class AgUiMarks
{
    /// <summary>The kind of AG-UI event that a message stands for.</summary>
    public const string Type = "ag_ui.type";

    /// <summary>Fields that the message itself does not tell: a JSON object.</summary>
    public const string Set = "ag_ui.set";

    /// <summary>Fields that the message would tell but the event did not have, by name with blanks between.</summary>
    public const string Unset = "ag_ui.unset";

    /// <summary>An event that only prepares the next message: its <see cref="Set"/> and <see cref="Unset"/> belong to that one.</summary>
    public const string Next = "ag_ui.next";

    /// <summary>Opens or ends a message that came in chunks, which have no events for that.</summary>
    public const string Chunked = "ag_ui.chunked";

    /// <summary>The unit of times of a run: ms or s; absent where events have none.</summary>
    public const string Times = "ag_ui.times";

    public static string? Text(MapField<string, AttributeValue> attributes, string name) =>
        attributes.TryGetValue(name, out var value) && value.ValueCase == AttributeValue.ValueOneofCase.StringValue ? value.StringValue : null;

    public static void Put(MapField<string, AttributeValue> attributes, string name, string? text)
    {
        if (text is not null)
        {
            attributes[name] = new AttributeValue { StringValue = text };
        }
    }
}
