using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Puts a record into the form that Confluent's producer takes. Arrays are passed on as they are; librdkafka copies them before the call returns.</summary>
internal static class KafkaMessages
{
    private const int MostKeptHeaders = 8;
    private const int MostKeptBytes = 256;

    // Left as it is by a send, so all records without headers share it.
    private static readonly Headers NoHeaders = [];

    [ThreadStatic]
    private static StreamHeaders? _lastHeaders;

    [ThreadStatic]
    private static Headers? _lastResult;

    /// <summary>Fills a message that is used again for every send.</summary>
    public static void Fill(Message<KafkaSend, byte[]?> message, KafkaSend send, StreamRecord record)
    {
        send.GiveKey(record.Key.IsEmpty ? null : ArrayOf(record.Key));
        message.Key = send;
        message.Value = record.Value is { } value ? ArrayOf(value) : null;
        message.Headers = record.Headers.Count == 0 ? NoHeaders : HeadersOf(record.Headers);
        message.Timestamp = record.TimestampUs == 0 ? Timestamp.Default : new Timestamp(record.TimestampUs / 1000, TimestampType.CreateTime);
    }

    /// <summary>Lets go of what a message holds.</summary>
    public static void Clear(Message<KafkaSend, byte[]?>? message)
    {
        if (message is not null)
        {
            message.Key = null!;
            message.Value = null;
            message.Headers = NoHeaders;
        }
    }

    private static Headers HeadersOf(StreamHeaders headers)
    {
        // Producers stamp all their records with one list.
        if (ReferenceEquals(headers, _lastHeaders))
        {
            return _lastResult!;
        }

        var result = new Headers();
        var shared = headers.Count <= MostKeptHeaders;
        foreach (var header in headers.AsSpan())
        {
            var value = ArrayOf(header.Value);
            result.Add(header.Name, value);
            shared &= value.Length <= MostKeptBytes && MemoryMarshal.TryGetArray(header.Value, out var segment) && ReferenceEquals(segment.Array, value);
        }

        // A copy would not follow a caller who changes the bytes for the next send.
        (_lastHeaders, _lastResult) = shared ? (headers, result) : (null, null);
        return result;
    }

    private static byte[] ArrayOf(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out var segment) && segment.Offset == 0 && segment.Array is { } array && array.Length == segment.Count
            ? array
            : memory.ToArray();
}
