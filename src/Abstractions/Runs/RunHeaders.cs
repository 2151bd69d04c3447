using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Runs;

/// <summary>Gives the messages of a run their headers.</summary>
internal static class RunHeaders
{
    /// <summary>Fills what the header lacks; thread and tenant become the lane's. False for a message without a body.</summary>
    public static bool TryFill(DashStreamMessage message, RunLane lane, ByteString cause)
    {
        if (message.MessageCase == DashStreamMessage.MessageOneofCase.None)
        {
            return false;
        }

        if (MessageParts.HeaderOf(message) is not { } header)
        {
            Set(message, lane.NewHeader(cause));
            return true;
        }

        header.MessageId = header.MessageId.IsEmpty ? RunLane.NewId() : header.MessageId;
        header.TimestampUs = header.TimestampUs != 0 ? header.TimestampUs : lane.NowUs();
        header.ThreadId = lane.ThreadId;
        header.TenantId = lane.TenantId;
        header.ParentId = header.ParentId.IsEmpty ? cause : header.ParentId;
        return true;
    }

    /// <summary>Sets the header of whichever body there is.</summary>
    public static void Set(DashStreamMessage message, Header header)
    {
        switch (message.MessageCase)
        {
            case DashStreamMessage.MessageOneofCase.Event:
                message.Event.Header = header;
                break;
            case DashStreamMessage.MessageOneofCase.StateDiff:
                message.StateDiff.Header = header;
                break;
            case DashStreamMessage.MessageOneofCase.TokenChunk:
                message.TokenChunk.Header = header;
                break;
            case DashStreamMessage.MessageOneofCase.ToolExecution:
                message.ToolExecution.Header = header;
                break;
            case DashStreamMessage.MessageOneofCase.Checkpoint:
                message.Checkpoint.Header = header;
                break;
            case DashStreamMessage.MessageOneofCase.Metrics:
                message.Metrics.Header = header;
                break;
            case DashStreamMessage.MessageOneofCase.Error:
                message.Error.Header = header;
                break;
            case DashStreamMessage.MessageOneofCase.EventBatch:
                message.EventBatch.Header = header;
                break;
            default:
                message.ExecutionTrace.Header = header;
                break;
        }
    }
}
