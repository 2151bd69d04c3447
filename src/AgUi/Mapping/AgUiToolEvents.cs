using DashStream.Protocol;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.AgUi;

/// <summary>Calls of tools that were not recorded from AG-UI: their starts, arguments and results.</summary>
internal sealed class AgUiToolEvents(AgUiTold told, AgUiOpenItems open)
{
    public void Tell(ToolExecution tool, DashStreamMessage message)
    {
        switch (tool.Stage)
        {
            case ExecutionStage.Requested:
                var call = open.Unused(tool.CallId);
                told.Add(AgUiEventType.ToolCallStart, ("toolCallId", call), ("toolCallName", tool.ToolName));
                if (!tool.Arguments.IsEmpty)
                {
                    told.Add(AgUiEventType.ToolCallArgs, ("toolCallId", call), ("delta", tool.Arguments.ToStringUtf8()));
                }

                told.Add(AgUiEventType.ToolCallEnd, ("toolCallId", call));
                break;
            case ExecutionStage.Completed:
                AddResult(tool, AgUiRestorer.TextOf(tool.Result));
                break;
            case ExecutionStage.Failed:
                AddResult(tool, tool.Error);
                told.AddCustom(message);
                break;
            default:
                told.AddCustom(message);
                break;
        }
    }

    private void AddResult(ToolExecution tool, string content)
    {
        if (!open.WasUsed(tool.CallId))
        {
            // Some tell of a call only when it is done.
            told.Add(AgUiEventType.ToolCallStart, ("toolCallId", open.Unused(tool.CallId)), ("toolCallName", tool.ToolName));
            told.Add(AgUiEventType.ToolCallEnd, ("toolCallId", tool.CallId));
        }

        told.Add(AgUiEventType.ToolCallResult,
            ("messageId", open.Unused($"{tool.CallId}/result")), ("toolCallId", tool.CallId), ("content", content), ("role", "tool"));
    }
}
