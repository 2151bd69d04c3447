namespace DashStream.Runs;

/// <summary>The names of OpenTelemetry's conventions for generative AI that the mapping knows, older spellings included.</summary>
internal static class GenAiNames
{
    public const string Operation = "gen_ai.operation.name";
    public const string Conversation = "gen_ai.conversation.id";
    public const string AgentName = "gen_ai.agent.name";
    public const string RequestModel = "gen_ai.request.model";
    public const string ResponseModel = "gen_ai.response.model";
    public const string FinishReasons = "gen_ai.response.finish_reasons";
    public const string InputTokens = "gen_ai.usage.input_tokens";
    public const string OutputTokens = "gen_ai.usage.output_tokens";
    public const string OldInputTokens = "gen_ai.usage.prompt_tokens";
    public const string OldOutputTokens = "gen_ai.usage.completion_tokens";
    public const string InputMessages = "gen_ai.input.messages";
    public const string OutputMessages = "gen_ai.output.messages";
    public const string Instructions = "gen_ai.system_instructions";
    public const string ToolDefinitions = "gen_ai.tool.definitions";
    public const string ToolName = "gen_ai.tool.name";
    public const string ToolCallId = "gen_ai.tool.call.id";
    public const string ToolArguments = "gen_ai.tool.call.arguments";
    public const string ToolResult = "gen_ai.tool.call.result";
    public const string ErrorType = "error.type";

    private static readonly string[] AtTheEnd = ["gen_ai.response.", "gen_ai.usage.", OutputMessages, "error."];

    /// <summary>Whether a tag tells how an operation ended.</summary>
    public static bool IsOutcome(string tag) => Array.Exists(AtTheEnd, start => tag.StartsWith(start, StringComparison.Ordinal));

    /// <summary>Whether a tag holds what people, models and tools said.</summary>
    public static bool IsContent(string tag) => tag is InputMessages or OutputMessages or Instructions or ToolDefinitions or ToolArguments or ToolResult;
}
