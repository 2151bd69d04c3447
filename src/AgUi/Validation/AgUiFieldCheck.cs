using System.Text.Json;

namespace DashStream.AgUi;

/// <summary>Whether an event has the fields of its kind, each with what it may hold.</summary>
internal static class AgUiFieldCheck
{
    private static readonly HashSet<string> TextRoles = ["developer", "system", "assistant", "user"];
    private static readonly HashSet<string> MessageRoles = ["developer", "system", "assistant", "user", "tool", "activity", "reasoning"];

    /// <summary>False when the event lacks what the order of events is judged by.</summary>
    public static bool Check(AgUiEvent item, AgUiFindings findings)
    {
        var isWhole = true;
        foreach (var rule in AgUiSchema.RulesFor(item.Type))
        {
            isWhole &= CheckField(item, rule, findings);
        }

        CheckRole(item, findings);
        CheckOutcome(item, findings);
        CheckMessages(item, findings);
        CheckInput(item, findings);
        return isWhole;
    }

    private static bool CheckField(AgUiEvent item, AgUiFieldRule rule, AgUiFindings findings)
    {
        if (!item.TryGet(rule.Name, out var json))
        {
            if (rule.IsRequired)
            {
                findings.Add(AgUiRule.Schema, $"{item.TypeName} lacks it; send it with every such event", rule.Name);
            }

            return !rule.IsRequired;
        }

        var severity = rule.IsRequired ? null : OfOptional(findings);
        if (JsonScalar.IsNull(json.Span) && rule.Kind != AgUiFieldKind.Present)
        {
            findings.Add(AgUiRule.Schema, "it is null; leave a field out that has no value", rule.Name, severity);
            return !rule.IsRequired;
        }

        if (Fits(json.Span, rule.Kind))
        {
            return true;
        }

        // A patch that is no list has a rule of its own.
        if (item.Type is AgUiEventType.StateDelta or AgUiEventType.ActivityDelta && rule.Kind == AgUiFieldKind.List)
        {
            return true;
        }

        findings.Add(AgUiRule.Schema, $"it is not {Expected(rule.Kind)}", rule.Name, severity);
        return !rule.IsRequired;
    }

    /// <summary>What an optional field holds changes nothing of the order of events; recordings are known to have all sorts of it.</summary>
    private static AgUiSeverity? OfOptional(AgUiFindings findings) => findings.IsLenient ? AgUiSeverity.Warning : null;

    private static bool Fits(ReadOnlySpan<byte> json, AgUiFieldKind kind) => kind switch
    {
        AgUiFieldKind.Text => json[0] == '"',
        AgUiFieldKind.Whole => JsonScalar.TryWhole(json, out _),
        AgUiFieldKind.Flag => json[0] is (byte)'t' or (byte)'f',
        AgUiFieldKind.Map => json[0] == '{',
        AgUiFieldKind.List => json[0] == '[',
        AgUiFieldKind.TextOrList => json[0] is (byte)'"' or (byte)'[',
        _ => true,
    };

    private static string Expected(AgUiFieldKind kind) => kind switch
    {
        AgUiFieldKind.Text => "a text",
        AgUiFieldKind.Whole => "a whole number",
        AgUiFieldKind.Flag => "true or false",
        AgUiFieldKind.Map => "an object",
        AgUiFieldKind.List => "a list",
        _ => "a text or a list",
    };

    private static void CheckRole(AgUiEvent item, AgUiFindings findings)
    {
        var fits = item.Type switch
        {
            AgUiEventType.TextMessageStart or AgUiEventType.TextMessageChunk => item.Role is not { } role || TextRoles.Contains(role),
            AgUiEventType.ReasoningMessageStart => item.Role is null or "reasoning" || (findings.IsLenient && item.Role == "assistant"),
            AgUiEventType.ToolCallResult => item.Role is null or "tool",
            _ => true,
        };
        if (!fits)
        {
            findings.Add(AgUiRule.Schema, $"{item.TypeName} cannot have this role", "role", OfOptional(findings));
        }

        if (item.Type == AgUiEventType.ReasoningEncryptedValue && item.Text("subtype") is { } subtype and not ("tool-call" or "message"))
        {
            findings.Add(AgUiRule.Schema, $"it is \"{AgUiIds.Bounded(subtype)}\"; say tool-call or message", "subtype");
        }
    }

    private static void CheckOutcome(AgUiEvent item, AgUiFindings findings)
    {
        if (item.Type is not AgUiEventType.RunFinished and not AgUiEventType.SubagentFinished || !item.TryGet("outcome", out var json) || json.Span[0] != '{')
        {
            return;
        }

        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
        var outcome = document.RootElement;
        var type = TextOf(outcome, "type");
        var isKnown = item.Type == AgUiEventType.RunFinished ? type is "success" or "interrupt" or "cancelled" : type is "success" or "suspended";
        if (!isKnown)
        {
            findings.Add(AgUiRule.Schema, "it has no type that the protocol knows; say success, interrupt or cancelled", "outcome", OfOptional(findings));
        }
        else if (type == "interrupt" && !HasInterrupts(outcome))
        {
            findings.Add(AgUiRule.Schema, "it interrupts the run without interrupts; name at least one, each with id and reason", "outcome", OfOptional(findings));
        }
    }

    private static bool HasInterrupts(JsonElement outcome) =>
        outcome.TryGetProperty("interrupts", out var interrupts) && interrupts.ValueKind == JsonValueKind.Array && interrupts.GetArrayLength() > 0
        && interrupts.EnumerateArray().All(one => TextOf(one, "id") is not null && TextOf(one, "reason") is not null);

    private static void CheckMessages(AgUiEvent item, AgUiFindings findings)
    {
        if (item.Type != AgUiEventType.MessagesSnapshot || !item.TryGet("messages", out var json) || json.Span[0] != '[')
        {
            return;
        }

        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
        var index = 0;
        foreach (var message in document.RootElement.EnumerateArray())
        {
            if (TextOf(message, "id") is null || TextOf(message, "role") is not { } role || !MessageRoles.Contains(role))
            {
                findings.Add(AgUiRule.Schema, $"message {index} lacks an id or a role that the protocol knows", "messages");
            }

            index++;
        }
    }

    private static void CheckInput(AgUiEvent item, AgUiFindings findings)
    {
        if (item.Type != AgUiEventType.RunStarted || !item.TryGet("input", out var json) || json.Span[0] != '{')
        {
            return;
        }

        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
        var input = document.RootElement;
        if (TextOf(input, "threadId") is null || TextOf(input, "runId") is null
            || !input.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array)
        {
            findings.Add(AgUiRule.Schema, "it lacks threadId, runId or messages", "input", OfOptional(findings));
        }
    }

    internal static string? TextOf(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
