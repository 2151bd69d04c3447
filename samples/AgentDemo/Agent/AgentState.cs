using System.Text.Json.Nodes;
using DashStream.Protocol;
using Google.Protobuf;
using static DashStream.Protocol.DiffOperation.Types;

namespace AgentDemo.Agent;

/// <summary>What the agent knows, as JSON, and what changed in it since it was last asked: the operations of a JSON patch.</summary>
internal sealed class AgentState
{
    private readonly JsonObject _state;
    private readonly List<DiffOperation> _changes = [];

    public AgentState(string question) => _state = new JsonObject
    {
        ["question"] = question,
        ["plan"] = null,
        ["hits"] = new JsonArray(),
        ["notes"] = new JsonArray(),
        ["calculated"] = null,
        ["answer"] = null,
    };

    public string Question => (string)_state["question"]!;

    /// <summary>The whole state: what a recording begins with.</summary>
    public StateDiff Whole() => new() { FullState = ByteString.CopyFromUtf8(_state.ToJsonString()) };

    public void Set(string member, JsonNode? value)
    {
        _changes.Add(Operation(OpType.Replace, $"/{member}", value));
        _state[member] = value;
    }

    public void Append(string member, JsonNode value)
    {
        _changes.Add(Operation(OpType.Add, $"/{member}/-", value));
        _state[member]!.AsArray().Add(value);
    }

    /// <summary>The changes since the last call, or null without any.</summary>
    public StateDiff? TakeChanges()
    {
        if (_changes.Count == 0)
        {
            return null;
        }

        var diff = new StateDiff { Operations = { _changes } };
        _changes.Clear();
        return diff;
    }

    private static DiffOperation Operation(OpType op, string path, JsonNode? value) => new()
    {
        Op = op,
        Path = path,
        Value = ByteString.CopyFromUtf8(value?.ToJsonString() ?? "null"),
        Encoding = ValueEncoding.Json,
    };
}
