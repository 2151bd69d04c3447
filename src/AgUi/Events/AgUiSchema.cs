using System.Collections.Frozen;
using System.Text;

namespace DashStream.AgUi;

/// <summary>What a field holds.</summary>
internal enum AgUiFieldKind
{
    Text,
    Whole,
    Flag,
    Map,
    List,
    TextOrList,
    Present,
    NotNull,
}

/// <summary>A field that the protocol knows.</summary>
internal sealed record AgUiFieldRule(string Name, AgUiFieldKind Kind, bool IsRequired);

/// <summary>The fields of each kind of event.</summary>
internal static class AgUiSchema
{
    /// <summary>Those of all events.</summary>
    private const string Common = "timestamp:whole rawEvent:any metadata:map";

    /// <summary>That of all but those of the run itself and of the whole conversation.</summary>
    private const string Attribution = "subagentRunId";

    private static readonly HashSet<AgUiEventType> OfTheRun =
        [AgUiEventType.RunStarted, AgUiEventType.RunFinished, AgUiEventType.RunError, AgUiEventType.MessagesSnapshot];

    /// <summary>Each field as name, kind (text where none is said) and, for those that must be there, an exclamation mark.</summary>
    private static readonly Dictionary<AgUiEventType, string> Fields = new()
    {
        [AgUiEventType.RunStarted] = "threadId! runId! protocolVersion parentRunId input:map",
        [AgUiEventType.RunFinished] = "threadId! runId! result:any outcome:map usage:list",
        [AgUiEventType.RunError] = "message! code usage:list",
        [AgUiEventType.StepStarted] = "stepName!",
        [AgUiEventType.StepFinished] = "stepName!",
        [AgUiEventType.TextMessageStart] = "messageId! role name",
        [AgUiEventType.TextMessageContent] = "messageId! delta!",
        [AgUiEventType.TextMessageEnd] = "messageId!",
        [AgUiEventType.TextMessageChunk] = "messageId role delta name",
        [AgUiEventType.ToolCallStart] = "toolCallId! toolCallName! parentMessageId",
        [AgUiEventType.ToolCallArgs] = "toolCallId! delta!",
        [AgUiEventType.ToolCallEnd] = "toolCallId!",
        [AgUiEventType.ToolCallChunk] = "toolCallId toolCallName parentMessageId delta",
        [AgUiEventType.ToolCallResult] = "messageId! toolCallId! content:textOrList! role",
        [AgUiEventType.StateSnapshot] = "snapshot:present!",
        [AgUiEventType.StateDelta] = "delta:list!",
        [AgUiEventType.MessagesSnapshot] = "messages:list!",
        [AgUiEventType.ActivitySnapshot] = "messageId! activityType! content:map! replace:flag",
        [AgUiEventType.ActivityDelta] = "messageId! activityType! patch:list!",
        [AgUiEventType.ReasoningStart] = "messageId!",
        [AgUiEventType.ReasoningMessageStart] = "messageId! role!",
        [AgUiEventType.ReasoningMessageContent] = "messageId! delta!",
        [AgUiEventType.ReasoningMessageEnd] = "messageId!",
        [AgUiEventType.ReasoningMessageChunk] = "messageId delta",
        [AgUiEventType.ReasoningEnd] = "messageId!",
        [AgUiEventType.ReasoningEncryptedValue] = "subtype! entityId! encryptedValue!",
        [AgUiEventType.ThinkingStart] = "title",
        [AgUiEventType.ThinkingEnd] = "",
        [AgUiEventType.ThinkingTextMessageStart] = "",
        [AgUiEventType.ThinkingTextMessageContent] = "delta!",
        [AgUiEventType.ThinkingTextMessageEnd] = "",
        [AgUiEventType.SubagentStarted] = "subagentRunId! name! description parentSubagentRunId parentToolCallId parentMessageId",
        [AgUiEventType.SubagentFinished] = "subagentRunId! result:any outcome:map",
        [AgUiEventType.SubagentError] = "subagentRunId! message! code",
        [AgUiEventType.Raw] = "event:present! source",
        [AgUiEventType.Custom] = "name! value:present!",
    };

    private static readonly FrozenDictionary<AgUiEventType, AgUiFieldRule[]> Rules =
        Fields.ToFrozenDictionary(pair => pair.Key, pair => RulesOf(OfTheRun.Contains(pair.Key) ? pair.Value : $"{pair.Value} {Attribution}"));

    private static readonly FrozenDictionary<string, string> CamelNames = Rules.Values.SelectMany(rules => rules)
        .Select(rule => rule.Name).Append("encryptedValueType").Distinct()
        .Where(name => name.Any(char.IsAsciiLetterUpper))
        .ToFrozenDictionary(Snake, name => name, StringComparer.Ordinal);

    /// <summary>The protocol's spelling of a field that it knows; others as they are.</summary>
    public static string NameOf(string written) => CamelNames.GetValueOrDefault(written, written);

    public static IReadOnlyList<AgUiFieldRule> RulesFor(AgUiEventType type) => Rules.GetValueOrDefault(type) ?? [];

    public static bool IsOptional(AgUiEventType type, string name) =>
        RulesFor(type).FirstOrDefault(rule => rule.Name == name) is { IsRequired: false };

    private static AgUiFieldRule[] RulesOf(string fields)
    {
        // A field that a kind names itself comes first and counts.
        return [.. $"{fields} {Common}".Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(RuleOf).DistinctBy(rule => rule.Name)];
    }

    private static AgUiFieldRule RuleOf(string field)
    {
        var isRequired = field.EndsWith('!');
        var parts = field.TrimEnd('!').Split(':');
        return new AgUiFieldRule(parts[0], parts.Length == 1 ? AgUiFieldKind.Text : KindOf(parts[1]), isRequired);
    }

    private static AgUiFieldKind KindOf(string name) => name switch
    {
        "whole" => AgUiFieldKind.Whole,
        "flag" => AgUiFieldKind.Flag,
        "map" => AgUiFieldKind.Map,
        "list" => AgUiFieldKind.List,
        "textOrList" => AgUiFieldKind.TextOrList,
        "present" => AgUiFieldKind.Present,
        _ => AgUiFieldKind.NotNull,
    };

    private static string Snake(string camel)
    {
        var text = new StringBuilder();
        foreach (var letter in camel)
        {
            if (char.IsAsciiLetterUpper(letter))
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
