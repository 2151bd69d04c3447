using DashStream.Protocol;
using DashStream.Telemetry;

namespace DashStream.Client;

/// <summary>What happens to a record before its handler sees it. Thread-safe.</summary>
internal sealed class MessageIntake(MessageCodec codec)
{
    /// <summary>Decodes in place, anew for each attempt: what a handler did to its message does not reach the next attempt.</summary>
    /// <exception cref="CodecException">The bytes are no message that is accepted.</exception>
    public void Decode(ReceivedMessage message)
    {
        if (message.IsDecoded && message.Attempt == 1)
        {
            return;
        }

        try
        {
            // A tombstone carries no message: it is delivered as an empty one, told apart by the record's null value.
            message.Decoded(message.Record.Value is { } value ? codec.Decode(value) : new DashStreamMessage());
        }
        catch (CodecException e)
        {
            PipelineMeter.DecodeFailures.Add(1);
            if (e.Failure is CodecFailure.Empty or CodecFailure.UnknownFrame or CodecFailure.TooLarge)
            {
                PipelineMeter.InvalidPayloads.Add(1);
            }

            throw;
        }

        if (message.Attempt == 1)
        {
            PipelineMeter.Received.Add(1);
        }
    }
}
