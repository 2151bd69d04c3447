using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Turns what Confluent's consumer returns into records.</summary>
internal static class KafkaRecords
{
    private const long MicrosecondsPerMillisecond = 1000;
    private const long MaxMilliseconds = long.MaxValue / MicrosecondsPerMillisecond;

    /// <summary>Reads a record.</summary>
    /// <param name="result">What came.</param>
    /// <param name="isWhole">False when a header had to be left out: Kafka allows an empty name, which no record of ours can hold.</param>
    public static StreamRecord Read(ConsumeResult<byte[]?, byte[]?> result, out bool isWhole)
    {
        isWhole = true;
        var message = result.Message;
        var headers = message.Headers is { Count: > 0 } list ? Read(list, out isWhole) : StreamHeaders.Empty;
        var milliseconds = Math.Clamp(message.Timestamp.UnixTimestampMs, 0, MaxMilliseconds);
        return new StreamRecord(
            message.Key, message.Value, headers, milliseconds * MicrosecondsPerMillisecond, new StreamPosition(result.Partition.Value, (UInt128)result.Offset.Value));
    }

    private static StreamHeaders Read(Headers list, out bool isWhole)
    {
        var headers = new StreamHeader[list.Count];
        var count = 0;
        foreach (var header in list)
        {
            if (header.Key.Length > 0)
            {
                headers[count++] = new StreamHeader(header.Key, header.GetValueBytes() ?? []);
            }
        }

        isWhole = count == list.Count;
        return StreamHeaders.Create(headers.AsSpan(0, count));
    }
}
