using DashStream.Protocol;

namespace DashStream.AgUi;

/// <summary>Which event of ours an AG-UI event becomes, and where its fields go: the thread, the node, the request, or an attribute.</summary>
internal sealed record AgUiPlaces(EventType Kind, params (string Field, string Place)[] Fields)
{
    private const string Thread = "@thread";
    private const string Node = "@node";
    private const string Request = "@request";

    private static readonly AgUiPlaces Plain = new(EventType.Unspecified);
    private static readonly AgUiPlaces Thought = new(EventType.NodeThinking, ("messageId", Request), ("delta", "thought"));

    private static readonly Dictionary<AgUiEventType, AgUiPlaces> ByType = new()
    {
        [AgUiEventType.RunStarted] = new(EventType.GraphStart, ("threadId", Thread), ("runId", "run_id"), ("parentRunId", "parent_run_id")),
        [AgUiEventType.RunFinished] = new(EventType.GraphEnd, ("threadId", Thread), ("runId", "run_id")),
        [AgUiEventType.StepStarted] = new(EventType.NodeStart, ("stepName", Node)),
        [AgUiEventType.StepFinished] = new(EventType.NodeEnd, ("stepName", Node)),
        [AgUiEventType.TextMessageStart] = new(EventType.LlmStart, ("messageId", Request), ("role", "role"), ("name", "name")),
        [AgUiEventType.TextMessageEnd] = new(EventType.LlmEnd, ("messageId", Request)),
        [AgUiEventType.ToolCallStart] = new(EventType.ToolStart, ("toolCallId", "call_id"), ("toolCallName", "tool_name"), ("parentMessageId", Request)),
        [AgUiEventType.ToolCallArgs] = new(EventType.Unspecified, ("toolCallId", "call_id"), ("delta", "delta")),
        [AgUiEventType.ToolCallChunk] = new(EventType.Unspecified, ("toolCallId", "call_id"), ("toolCallName", "tool_name"), ("delta", "delta")),
        [AgUiEventType.ReasoningMessageContent] = Thought,
        [AgUiEventType.ReasoningMessageChunk] = Thought,
        [AgUiEventType.ThinkingTextMessageContent] = Thought,
        [AgUiEventType.SubagentStarted] = new(EventType.NodeStart, ("name", Node), ("subagentRunId", "subagent_run_id")),
        [AgUiEventType.SubagentFinished] = new(EventType.NodeEnd, ("subagentRunId", "subagent_run_id")),
        [AgUiEventType.SubagentError] = new(EventType.NodeError, ("subagentRunId", "subagent_run_id"), ("message", "error")),
        [AgUiEventType.Custom] = new(EventType.Unspecified, ("name", "name")),
    };

    public static AgUiPlaces Of(AgUiEventType type) => ByType.GetValueOrDefault(type, Plain);

    public void Store(AgUiEvent item, Event target)
    {
        foreach (var (field, place) in Fields)
        {
            var text = item.Text(field);
            switch (place)
            {
                case Thread:
                    break;
                case Node:
                    target.NodeId = text ?? "";
                    break;
                case Request:
                    target.LlmRequestId = text ?? "";
                    break;
                default:
                    AgUiMarks.Put(target.Attributes, place, text);
                    break;
            }
        }
    }

    public void Restore(Event source, AgUiDraft target)
    {
        foreach (var (field, place) in Fields)
        {
            var text = place switch
            {
                Thread => source.Header.ThreadId,
                Node => source.NodeId,
                Request => source.LlmRequestId,
                _ => AgUiMarks.Text(source.Attributes, place),
            };
            if (!string.IsNullOrEmpty(text) || place[0] != '@')
            {
                target.Set(field, text);
            }
        }
    }
}
