using System.Text.Json.Nodes;

namespace AgentDemo.Tools;

/// <summary>Made to fail at its first call, so that the demo has a retry to show. One agent run uses it, one call at a time.</summary>
internal sealed class FirstTimeFails(ITool inner) : ITool
{
    private bool _failed;

    public string Name => inner.Name;

    public JsonNode Call(JsonObject arguments)
    {
        if (!_failed)
        {
            _failed = true;
            throw new ToolException("the note store is busy (simulated)", isPassing: true);
        }

        return inner.Call(arguments);
    }
}
