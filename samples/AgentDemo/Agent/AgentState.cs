using System.Text.Json.Nodes;

namespace AgentDemo.Agent;

/// <summary>What the agent knows, as JSON: enough to go on from, in another process too.</summary>
internal sealed class AgentState(JsonObject json)
{
    public AgentState(string question)
        : this(new JsonObject
        {
            ["question"] = question,
            ["plan"] = null,
            ["hits"] = new JsonArray(),
            ["notes"] = new JsonArray(),
            ["calculated"] = null,
            ["answer"] = null,
        })
    {
    }

    public JsonObject Json => json;

    public string Question => (string)json["question"]!;

    public void Set(string member, JsonNode? value) => Json[member] = value;

    public void Append(string member, JsonNode value) => Json[member]!.AsArray().Add(value);
}
