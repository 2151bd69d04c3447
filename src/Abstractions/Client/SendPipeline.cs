using System.Buffers;
using System.Diagnostics;
using DashStream.Protocol;
using DashStream.Sequencing;
using DashStream.Telemetry;

namespace DashStream.Client;

/// <summary>Steps 1 and 4 of a send: validate, then in the thread's lane take the number, stamp, encode once, hand over. Thread-safe; never waits.</summary>
internal sealed class SendPipeline(
    IStreamProducer producer, DashStreamProducerOptions options, TimeProvider time, FailedSends? failed, SendQueue queue)
{
    private readonly IOutcomeProducer? _outcomes = failed is null ? producer as IOutcomeProducer : null;
    private readonly MessageCodec _codec = new(options.Codec);
    private readonly LaneTable _lanes = new(options.MaxLanes);
    private readonly HeaderStamper _stamper = new(options.TenantId, time);

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    /// <summary>An error that no provider should throw, as one that callers know.</summary>
    public static StreamException Unexpected(Exception error) => new(StreamErrorKind.Fatal, $"The provider failed unexpectedly: {error.Message}", error);

    public string TenantOf(Header header) => _stamper.TenantOf(header);

    /// <summary>Hands the message to the provider, or throws what is wrong with it; then its number is not spent.</summary>
    public HandOver HandOver(SendItem item)
    {
        var message = item.Message;
        var source = MessageValidator.Check(message);
        var tenant = _stamper.TenantOf(source);
        while (true)
        {
            var lane = _lanes.Get(tenant, source.ThreadId);
            lock (lane.Gate)
            {
                if (!lane.Evicted)
                {
                    message = WithTrueHash(lane, item);
                    return message.MessageCase == DashStreamMessage.MessageOneofCase.EventBatch
                        ? HandOverBatch(lane, message.EventBatch, item.Trace)
                        : HandOverSingle(lane, message, source, item.Trace);
                }
            }
        }
    }

    // Once a state of the thread went out redacted, the hash of a later patch is that of a state which no receiver has.
    private static DashStreamMessage WithTrueHash(Lane lane, SendItem item)
    {
        var message = item.Message;
        if (item.IsRedacted && message.MessageCase is DashStreamMessage.MessageOneofCase.StateDiff or DashStreamMessage.MessageOneofCase.Checkpoint)
        {
            lane.StateIsRedacted = true;
        }

        if (!lane.StateIsRedacted || message is not { StateDiff: { FullState.IsEmpty: true, StateHash.IsEmpty: false } })
        {
            return message;
        }

        var copy = message.Clone();
        copy.StateDiff.StateHash = Google.Protobuf.ByteString.Empty;
        return copy;
    }

    private HandOver HandOverSingle(Lane lane, DashStreamMessage message, Header source, Activity? trace)
    {
        // A number that is set belongs to a relay or a replay, which keeps it.
        var takesNumber = source.Sequence == 0 && HeaderStamper.IsNumbered(message);
        var sequence = takesNumber ? lane.Last + 1 : source.Sequence;
        var header = _stamper.Stamp(lane, source, MessageParts.TypeOf(message), sequence);
        return Send(lane, message, header, lane.HeadersFor(header.MessageId, takesNumber), takesNumber ? sequence : lane.Last, trace);
    }

    private HandOver HandOverBatch(Lane lane, EventBatch source, Activity? trace)
    {
        var batch = source.Clone();
        var last = lane.Last;
        foreach (var inner in batch.Events)
        {
            if (inner.Header is { ThreadId.Length: > 0 } own && own.ThreadId != source.Header.ThreadId)
            {
                throw new StreamException(StreamErrorKind.InvalidRequest,
                    $"An event of thread '{own.ThreadId}' stands in a batch of thread '{source.Header.ThreadId}': a batch is ordered by its own thread, so send it apart.");
            }

            _stamper.StampInner(inner, source.Header, ref last);
        }

        var header = _stamper.Stamp(lane, source.Header, MessageType.EventBatch, source.Header.Sequence);
        return Send(lane, batch, header, lane.HeadersFor(header.MessageId, isNumberedHere: last != lane.Last), last, trace);
    }

    private HandOver Send(Lane lane, DashStreamMessage message, Header header, StreamHeaders identity, ulong lastWhenTaken, Activity? trace)
    {
        var value = Encode(message, header);
        var headers = SendTelemetry.Stamp(identity, header, trace);
        var record = new StreamRecord(lane.Key, value, headers, header.TimestampUs > 0 ? header.TimestampUs : _stamper.NowUs())
        {
            OwnsMemory = true,
            IsGivenAway = _outcomes is not null,
        };
        var bytes = value.Length + lane.Key.Length;
        var sent = _outcomes is null ? null : new SentMessage(queue, header.Sequence, bytes);
        var stored = HandToProvider(record, sent, out var error);
        if (error is { Kind: StreamErrorKind.Throttled })
        {
            return Client.HandOver.Throttled;
        }

        // Refused at once means certainly not stored: the number is still free. Anything else may be stored, so the number is spent.
        if (error is { Kind: StreamErrorKind.TooLarge or StreamErrorKind.InvalidRequest or StreamErrorKind.Closed })
        {
            throw error;
        }

        lane.Last = lastWhenTaken;
        if (sent is not null && error is null)
        {
            return Client.HandOver.Accepted(sent, header.Sequence, bytes);
        }

        var kept = failed is null ? stored : failed.GuardAsync(stored, record);
        return Client.HandOver.Accepted(kept, header.Sequence, bytes);
    }

    private ValueTask<StreamPosition> HandToProvider(StreamRecord record, SentMessage? sent, out StreamException? error)
    {
        ValueTask<StreamPosition> stored;
        try
        {
            stored = sent is null ? producer.SendAsync(record, CancellationToken.None)
                : _outcomes!.Send(record, sent) is { } refusal ? ValueTask.FromException<StreamPosition>(refusal)
                : default;
        }
        catch (Exception e)
        {
            stored = ValueTask.FromException<StreamPosition>(e);
        }

        if (!stored.IsFaulted)
        {
            error = null;
            return stored;
        }

        error = ErrorOf(stored);
        return ValueTask.FromException<StreamPosition>(error);
    }

    private byte[] Encode(DashStreamMessage message, Header header)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>();
        try
        {
            _codec.Encode(message, header, buffer);
            return buffer.WrittenSpan.ToArray();
        }
        finally
        {
            Recycle(buffer);
        }
    }

    // One huge message must not pin its buffer to the thread for good.
    private static void Recycle(ArrayBufferWriter<byte> buffer)
    {
        const int MaxKeptBytes = 256 * 1024;
        if (buffer.Capacity > MaxKeptBytes)
        {
            _buffer = null;
        }
        else
        {
            buffer.ResetWrittenCount();
        }
    }

    private static StreamException ErrorOf(ValueTask<StreamPosition> refused)
    {
        var error = refused.AsTask().Exception!.InnerException!;
        return error as StreamException ?? Unexpected(error);
    }
}
