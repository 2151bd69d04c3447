using DashStream.Protocol;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.Runs;

/// <summary>Which messages of a run are pieces between its landmarks, and which end something.</summary>
internal static class RunDetails
{
    /// <summary>What a run can do without.</summary>
    public static bool IsDetail(DashStreamMessage message) => message.MessageCase switch
    {
        DashStreamMessage.MessageOneofCase.Metrics => true,
        DashStreamMessage.MessageOneofCase.TokenChunk => !message.TokenChunk.IsFinal,
        DashStreamMessage.MessageOneofCase.Event => message.Event.EventType is EventType.NodeProgress or EventType.NodeThinking or EventType.NodeSubstep,
        _ => false,
    };

    /// <summary>What is told when something ends, often while an exception is on its way: losing it never throws.</summary>
    public static bool IsEnd(DashStreamMessage message) => message.MessageCase switch
    {
        DashStreamMessage.MessageOneofCase.Error or DashStreamMessage.MessageOneofCase.ExecutionTrace => true,
        DashStreamMessage.MessageOneofCase.TokenChunk => message.TokenChunk.IsFinal,
        DashStreamMessage.MessageOneofCase.ToolExecution => message.ToolExecution.Stage is ExecutionStage.Completed or ExecutionStage.Failed,
        DashStreamMessage.MessageOneofCase.Event => message.Event.EventType is EventType.GraphEnd or EventType.GraphError or EventType.NodeEnd or EventType.NodeError
            or EventType.LlmEnd or EventType.LlmError or EventType.ParallelEnd,
        _ => false,
    };
}
