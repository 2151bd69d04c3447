using System.Text;
using DashStream.Protocol;
using DashStream.Sequencing;

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

    /// <summary>
    /// The producer identity under which a message was numbered: the text of the record header <c>ds-producer</c>, else the one that the message id names, else
    /// empty (as for messages of the original).
    /// </summary>
    /// <param name="record">The record that was read.</param>
    /// <param name="header">The header of its message, or null.</param>
    public static string ProducerOf(StreamRecord record, Header? header)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Headers.TryGet(LaneTable.IdentityHeader, out var named) ? named.Text : ProducerOf(header);
    }

    /// <summary>The producer identity that the message id names, or empty.</summary>
    internal static string ProducerOf(Header? header)
    {
        Span<byte> text = stackalloc byte[LaneIds.IdentityChars];
        return header is not null && LaneIds.TryFormatIdentity(header.MessageId.Span, text) ? Encoding.ASCII.GetString(text) : "";
    }

    /// <summary>How many headers a message has places for: its own, and one for each event of a batch.</summary>
    internal static int HeaderCount(DashStreamMessage message) =>
        message.MessageCase == DashStreamMessage.MessageOneofCase.EventBatch ? 1 + message.EventBatch.Events.Count : 1;

    /// <summary>The message's own header for 0, then those of its events; null where there is none.</summary>
    internal static Header? HeaderAt(DashStreamMessage message, int index) => index == 0 ? HeaderOf(message) : message.EventBatch.Events[index - 1].Header;
}
