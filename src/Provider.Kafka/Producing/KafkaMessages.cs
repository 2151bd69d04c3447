using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Puts a record into the form that Confluent's producer takes. Arrays are passed on as they are; librdkafka copies them before the call returns.</summary>
internal static class KafkaMessages
{
    // Left as it is by a send, so all records without headers share it.
    private static readonly Headers NoHeaders = [];

    /// <summary>Fills a message that is used again for every send.</summary>
    public static void Fill(Message<byte[]?, byte[]?> message, StreamRecord record)
    {
        message.Key = record.Key.IsEmpty ? null : ArrayOf(record.Key);
        message.Value = record.Value is { } value ? ArrayOf(value) : null;
        message.Headers = record.Headers.Count == 0 ? NoHeaders : HeadersOf(record.Headers);
        message.Timestamp = record.TimestampUs == 0 ? Timestamp.Default : new Timestamp(record.TimestampUs / 1000, TimestampType.CreateTime);
    }

    /// <summary>Lets go of what a message holds.</summary>
    public static void Clear(Message<byte[]?, byte[]?>? message)
    {
        if (message is not null)
        {
            message.Key = null;
            message.Value = null;
            message.Headers = NoHeaders;
        }
    }

    private static Headers HeadersOf(StreamHeaders headers)
    {
        var result = new Headers();
        foreach (var header in headers.AsSpan())
        {
            result.Add(header.Name, ArrayOf(header.Value));
        }

        return result;
    }

    private static byte[] ArrayOf(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out var segment) && segment.Offset == 0 && segment.Array is { } array && array.Length == segment.Count
            ? array
            : memory.ToArray();
}
