using System.Text.Json.Nodes;

namespace AgentDemo.Tools;

/// <summary>A function that the agent may call: JSON in, JSON out.</summary>
internal interface ITool
{
    string Name { get; }

    /// <exception cref="ToolException">The call failed; the agent may try again when the exception says so.</exception>
    JsonNode Call(JsonObject arguments);
}

/// <summary>A tool call that failed.</summary>
internal sealed class ToolException(string message, bool isPassing) : Exception(message)
{
    /// <summary>Whether trying again may help.</summary>
    public bool IsPassing { get; } = isPassing;
}
