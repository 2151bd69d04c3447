using System.Diagnostics;
using static DashStream.Protocol.TokenChunk.Types;

namespace DashStream.Runs;

/// <summary>What a span of an AI library is about.</summary>
internal enum GenAiKind
{
    /// <summary>Nothing that is recorded; what is under it belongs to what is above it.</summary>
    None,

    /// <summary>A call of a model.</summary>
    Inference,

    /// <summary>A tool at work.</summary>
    Tool,

    /// <summary>An agent, a workflow or a step of one.</summary>
    Agent,
}

/// <summary>Tells kinds and reasons from the words of the conventions.</summary>
internal static class GenAiKinds
{
    /// <summary>The name of the span that repeats model calls until no tool is asked for.</summary>
    private const string ToolLoop = "orchestrate_tools";

    /// <summary>The kind of a span, from its operation or, before its tags are set, from its name.</summary>
    public static GenAiKind Of(Activity span) => Of(GenAiTags.Text(span, GenAiNames.Operation) ?? FirstWord(span.DisplayName));

    /// <summary>Whether what is around this span is not one model call but several.</summary>
    public static bool MeansSeveralCalls(Activity span) => Of(span) == GenAiKind.Inference || FirstWord(span.DisplayName) == ToolLoop;

    public static string FirstWord(string name) => name.IndexOf(' ', StringComparison.Ordinal) is var end && end < 0 ? name : name[..end];

    /// <summary>What follows the operation in a span's name: the model, tool or agent.</summary>
    public static string Target(Activity span) =>
        span.DisplayName.IndexOf(' ', StringComparison.Ordinal) is var end && end < 0 ? span.DisplayName : span.DisplayName[(end + 1)..].Trim();

    public static FinishReason ReasonOf(string? reason) => reason?.ToLowerInvariant() switch
    {
        "stop" or "end_turn" or "stop_sequence" => FinishReason.Stop,
        "length" or "max_tokens" or "max_output_tokens" => FinishReason.Length,
        "content_filter" or "safety" => FinishReason.ContentFilter,
        "tool_calls" or "tool_call" or "tool_use" or "function_call" => FinishReason.ToolCalls,
        "error" => FinishReason.Error,
        _ => FinishReason.None,
    };

    private static GenAiKind Of(string operation) => operation switch
    {
        "chat" or "text_completion" or "generate_content" or "embeddings" or "chat.completions" or "text.completions" => GenAiKind.Inference,
        "execute_tool" => GenAiKind.Tool,
        "invoke_agent" or "create_agent" or "invoke_workflow" or "workflow.run" or "workflow_invoke" or "executor.process" => GenAiKind.Agent,
        _ => GenAiKind.None,
    };
}
