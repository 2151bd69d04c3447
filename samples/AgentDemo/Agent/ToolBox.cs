using System.Text.Json.Nodes;
using AgentDemo.Tools;
using DashStream;

namespace AgentDemo.Agent;

/// <summary>Calls tools, tries again what may pass, and tells the run's record every stage.</summary>
internal sealed class ToolBox(DashStreamRun run, params ITool[] tools)
{
    private const int MaxRetries = 2;

    private int _calls;

    public JsonNode Call(string name, JsonObject arguments)
    {
        var tool = tools.Single(candidate => candidate.Name == name);
        using var call = run.Tool(name, arguments.ToJsonString(), callId: $"call-{++_calls}");
        for (var retry = 0; ; retry++)
        {
            try
            {
                var result = tool.Call(arguments);
                call.Complete(result.ToJsonString());
                return result;
            }
            catch (ToolException e) when (e.IsPassing && retry < MaxRetries)
            {
                call.Retrying(e);
            }
            catch (ToolException e)
            {
                call.Fail(e);
                throw;
            }
        }
    }
}
