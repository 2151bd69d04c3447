using DashStream.Protocol;

namespace DashStream;

/// <summary>What every kind of message has in common.</summary>
public static class MessageParts
{
    /// <summary>The header of whichever body is set; null when the body has none or no body is set.</summary>
    public static Header? HeaderOf(DashStreamMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.MessageCase switch
        {
            DashStreamMessage.MessageOneofCase.Event => message.Event.Header,
            DashStreamMessage.MessageOneofCase.StateDiff => message.StateDiff.Header,
            DashStreamMessage.MessageOneofCase.TokenChunk => message.TokenChunk.Header,
            DashStreamMessage.MessageOneofCase.ToolExecution => message.ToolExecution.Header,
            DashStreamMessage.MessageOneofCase.Checkpoint => message.Checkpoint.Header,
            DashStreamMessage.MessageOneofCase.Metrics => message.Metrics.Header,
            DashStreamMessage.MessageOneofCase.Error => message.Error.Header,
            DashStreamMessage.MessageOneofCase.EventBatch => message.EventBatch.Header,
            DashStreamMessage.MessageOneofCase.ExecutionTrace => message.ExecutionTrace.Header,
            _ => null,
        };
    }

    /// <summary>The header type that belongs to the body that is set. The numbers of the wire's oneof and of <see cref="MessageType"/> agree.</summary>
    public static MessageType TypeOf(DashStreamMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return (MessageType)(int)message.MessageCase;
    }
}
