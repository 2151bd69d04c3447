using System.Security.Cryptography;
using System.Text.Json;

namespace DashStream.Analysis;

/// <summary>Turns the JSON of a run into a <see cref="ChatRun"/>, or says which member of it is wrong.</summary>
internal static class ChatRunParser
{
    private static readonly string[] MessageLists = ["traj", "messages", "trajectory"];

    public static bool IsMessage(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty("role", out _)
        && !MessageLists.Any(list => element.TryGetProperty(list, out _));

    public static ChatRun ParseRun(JsonElement element, long number, string file)
    {
        var run = new JsonPlace(element, file, number, "");
        if (element.ValueKind == JsonValueKind.Array)
        {
            return new ChatRun { Number = number, Messages = Messages(run), ContentHash = Hash(element) };
        }

        run.ExpectKind(JsonValueKind.Object, "a run is an object, or an array of messages");
        var list = MessageLists.FirstOrDefault(name => element.TryGetProperty(name, out _))
            ?? throw run.Fault($"has none of the members {string.Join(", ", MessageLists)}; a run needs its messages");
        var reward = run.Number("reward");
        return new ChatRun
        {
            Number = number,
            Messages = Messages(run.Required(list)),
            ContentHash = Hash(element),
            ThreadId = run.Text("thread_id"),
            TaskId = run.TextOrNumber("task_id"),
            Trial = run.TextOrNumber("trial"),
            Model = run.Text("model"),
            Reward = reward,
            Success = run.Flag("success") ?? (reward is { } r ? r >= 1 : null),
        };
    }

    public static ChatRun ParseMessages(IReadOnlyList<JsonElement> messages, string file)
    {
        var parsed = new List<ChatMessage>(messages.Count);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < messages.Count; i++)
        {
            parsed.Add(Message(new JsonPlace(messages[i], file, 1, $"[{i}]")));
            hash.AppendData(Hash(messages[i]));
        }

        return new ChatRun { Number = 1, Messages = parsed, ContentHash = hash.GetHashAndReset() };
    }

    private static byte[] Hash(JsonElement element) =>
        SHA256.HashData(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element));

    private static List<ChatMessage> Messages(JsonPlace list)
    {
        var messages = list.Items("the messages are an array").Select(Message).ToList();
        return messages.Count > 0 ? messages : throw list.Fault("is empty; a run has at least one message");
    }

    private static ChatMessage Message(JsonPlace message)
    {
        message.ExpectKind(JsonValueKind.Object, "a message is an object");
        var role = Role(message);
        return new ChatMessage
        {
            Role = role,
            Json = message.Compact(),
            Text = Content(message),
            ToolCalls = role == "assistant" ? ToolCalls(message) : [],
            ToolCallId = message.Text("tool_call_id"),
            Name = message.Text("name"),
            MarkedFailed = message.Flag("is_error") == true || (role == "tool" && message.TextIfText("status") == "error"),
            TimestampUs = SourceTime.Of(message),
        };
    }

    private static string Role(JsonPlace message)
    {
        var role = message.Text("role") ?? throw message.Fault("has no role");
        return role switch
        {
            "system" or "user" or "assistant" or "tool" => role,
            "developer" => "system",
            "function" => "tool",
            _ => throw message.Required("role").Fault(
                $"is '{Shorten(role)}'; known are system, developer, user, assistant, tool and function"),
        };
    }

    private static string? Content(JsonPlace message)
    {
        if (message.Optional("content") is not { } content)
        {
            return null;
        }

        return content.Kind switch
        {
            JsonValueKind.String => content.String(),
            JsonValueKind.Array => string.Concat(content.Items("").Select(part =>
                part.Kind == JsonValueKind.String ? part.String() : part.TextIfText("text") ?? part.TextIfText("refusal"))),
            JsonValueKind.Object => content.Compact(),
            _ => throw content.Fault($"is a {Name(content.Kind)}; expected is text, an array of parts, or null"),
        };
    }

    private static List<ChatToolCall> ToolCalls(JsonPlace message)
    {
        var calls = new List<ChatToolCall>();
        if (message.Optional("tool_calls") is { } list)
        {
            calls.AddRange(list.Items("tool calls are an array").Select(ToolCall));
        }

        if (message.Optional("function_call") is { } legacy)
        {
            calls.Add(Function(legacy, id: ""));
        }

        return calls;
    }

    private static ChatToolCall ToolCall(JsonPlace call)
    {
        call.ExpectKind(JsonValueKind.Object, "a tool call is an object");
        var id = call.Text("id") ?? "";
        return Function(call.Optional("function") ?? call.Optional("custom") ?? call, id);
    }

    private static ChatToolCall Function(JsonPlace function, string id)
    {
        function.ExpectKind(JsonValueKind.Object, "a function is an object");
        var name = function.Text("name") ?? throw function.Fault("has no name");
        var arguments = function.Optional("arguments") ?? function.Optional("input");
        var text = arguments switch
        {
            null => "",
            { Kind: JsonValueKind.String } a => a.String(),
            { } a => a.Compact(),
        };
        return new ChatToolCall(id, name, text);
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : string.Concat(text.AsSpan(0, 40), "…");

    private static string Name(JsonValueKind kind) => kind is JsonValueKind.True or JsonValueKind.False ? "truth value" : "number";
}
