using System.Text.Json.Nodes;
using AgentDemo.Recording;
using AgentDemo.Tools;
using DashStream.Protocol;
using Google.Protobuf;
using static DashStream.Protocol.ToolExecution.Types;

namespace AgentDemo.Agent;

/// <summary>Calls tools, tries again what may pass, and tells the recorder every stage.</summary>
internal sealed class ToolBox(RunRecorder recorder, params ITool[] tools)
{
    private const uint MaxRetries = 2;

    private int _calls;

    /// <summary>What the last call gave.</summary>
    public JsonNode LastResult { get; private set; } = new JsonArray();

    public JsonNode Call(string name, JsonObject arguments)
    {
        var tool = tools.Single(candidate => candidate.Name == name);
        var callId = $"call-{++_calls}";
        recorder.Tool(Stage(ExecutionStage.Requested, 0, execution => execution.Arguments = ByteString.CopyFromUtf8(arguments.ToJsonString())));
        for (uint retry = 0; ; retry++)
        {
            var began = recorder.Now;
            try
            {
                LastResult = tool.Call(arguments);
                recorder.Tool(Stage(ExecutionStage.Completed, retry, execution =>
                {
                    execution.Result = ByteString.CopyFromUtf8(LastResult.ToJsonString());
                    execution.DurationUs = recorder.Since(began);
                }));
                return LastResult;
            }
            catch (ToolException e)
            {
                var again = e.IsPassing && retry < MaxRetries;
                recorder.Tool(Stage(again ? ExecutionStage.Retrying : ExecutionStage.Failed, again ? retry + 1 : retry, execution =>
                {
                    execution.Error = e.Message;
                    execution.DurationUs = recorder.Since(began);
                }));
                if (!again)
                {
                    throw;
                }
            }
        }

        ToolExecution Stage(ExecutionStage stage, uint retry, Action<ToolExecution> fill)
        {
            var execution = new ToolExecution { CallId = callId, ToolName = name, Stage = stage, RetryCount = retry };
            fill(execution);
            return execution;
        }
    }
}
