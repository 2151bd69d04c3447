using DashStream.Protocol;

namespace DashStream;

/// <summary>Step 1 of a send: what cannot be a message is refused before anything is spent on it.</summary>
internal static class MessageValidator
{
    private const int MessageIdBytes = 16;

    /// <summary>Returns the header of a message that may be sent.</summary>
    /// <exception cref="StreamException">No body, no header, no thread id, or an id of the wrong size (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public static Header Check(DashStreamMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.MessageCase == DashStreamMessage.MessageOneofCase.None)
        {
            throw Refused("has no body: set one of its nine kinds");
        }

        var header = MessageParts.HeaderOf(message) ?? throw Refused($"({message.MessageCase}) has no header: set one with a thread_id");
        if (string.IsNullOrWhiteSpace(header.ThreadId))
        {
            throw Refused($"({message.MessageCase}) has a blank thread_id: records are ordered by it, so it is required");
        }

        if (header.MessageId.Length is not (0 or MessageIdBytes))
        {
            throw Refused($"({message.MessageCase}) has a message_id of {header.MessageId.Length} bytes: leave it empty or give the 16 bytes of a UUID");
        }

        return header;
    }

    private static StreamException Refused(string fault) => new(StreamErrorKind.InvalidRequest, $"The message {fault}.");
}
