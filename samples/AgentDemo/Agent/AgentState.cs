using System.Text.Json.Nodes;

namespace AgentDemo.Agent;

/// <summary>What the agent knows, as JSON.</summary>
internal sealed class AgentState(string question)
{
    public JsonObject Json { get; } = new()
    {
        ["question"] = question,
        ["plan"] = null,
        ["hits"] = new JsonArray(),
        ["notes"] = new JsonArray(),
        ["calculated"] = null,
        ["answer"] = null,
    };

    public string Question => question;

    public void Set(string member, JsonNode? value) => Json[member] = value;

    public void Append(string member, JsonNode value) => Json[member]!.AsArray().Add(value);
}
