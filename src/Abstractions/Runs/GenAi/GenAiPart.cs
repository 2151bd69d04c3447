using System.Text.Json;

namespace DashStream.Runs;

/// <summary>One part of a message as the conventions write it: a text, a tool call or a tool's answer.</summary>
/// <param name="Type"><c>text</c>, <c>tool_call</c> or <c>tool_call_response</c>.</param>
/// <param name="Id">The call's id.</param>
/// <param name="Name">The tool.</param>
/// <param name="Text">The text; arguments or answer as JSON.</param>
internal readonly record struct GenAiPart(string Type, string Id, string Name, string Text)
{
    private const int MaxParts = 10_000;

    /// <summary>The parts of all messages, in order. What does not read as messages has none.</summary>
    public static IReadOnlyList<GenAiPart> Of(string? messages)
    {
        if (string.IsNullOrEmpty(messages))
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(messages);
            var parts = new List<GenAiPart>();
            foreach (var message in Items(document.RootElement))
            {
                if (message.ValueKind == JsonValueKind.Object && message.TryGetProperty("parts", out var list))
                {
                    parts.AddRange(Items(list).Take(MaxParts - parts.Count).Select(Read));
                }
            }

            return parts;
        }
        catch (JsonException)
        {
            // The application's library wrote it; the text itself is recorded as an attribute all the same.
            return [];
        }
        catch (InvalidOperationException)
        {
            // Texts with half a surrogate pair parse and cannot be read.
            return [];
        }
    }

    private static List<JsonElement> Items(JsonElement list) => list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];

    private static GenAiPart Read(JsonElement part)
    {
        if (part.ValueKind != JsonValueKind.Object)
        {
            return default;
        }

        var type = TextOf(part, "type");
        return type switch
        {
            "text" => new GenAiPart(type, "", "", TextOf(part, "content")),
            "tool_call" => new GenAiPart(type, TextOf(part, "id"), TextOf(part, "name"), JsonOf(part, "arguments")),
            "tool_call_response" => new GenAiPart(type, TextOf(part, "id"), TextOf(part, "name"), JsonOf(part, "response", "result")),
            _ => default,
        };
    }

    private static string TextOf(JsonElement part, string name) =>
        part.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    // Arguments and answers are values, or JSON inside a text.
    private static string JsonOf(JsonElement part, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (part.TryGetProperty(name, out var value))
            {
                return value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
            }
        }

        return "";
    }
}
