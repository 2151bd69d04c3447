using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using DashStream.Tests;

namespace DashStream.Conformance.Kafka;

/// <summary>A topic that the original's producer left, as lines: partition, offset, time, key, headers, value.</summary>
internal sealed record TopicLine(int Partition, long TimestampMs, string Key, byte[] Value)
{
    /// <summary>The whole topic where the shared data is, else the few lines of it that this repository keeps.</summary>
    public static IReadOnlyList<TopicLine> Golden() => Read(GoldenData.FindShared("golden", "kafka-topic.jsonl") ?? GoldenData.Trimmed("golden", "kafka-topic.jsonl"));

    /// <summary>Writes lines byte for byte, in order, with the plain client; in a transaction where one is named.</summary>
    public static async Task WriteAsync(string servers, string topic, IEnumerable<TopicLine> lines, Action<ProducerConfig>? configure = null)
    {
        using var producer = Producer(servers, configure);
        await Task.WhenAll(lines.Select(line => line.ProduceAsync(producer, topic)));
    }

    public static IProducer<byte[]?, byte[]?> Producer(string servers, Action<ProducerConfig>? configure = null)
    {
        var config = new ProducerConfig { BootstrapServers = servers, EnableIdempotence = true, LingerMs = 5 };
        configure?.Invoke(config);
        return new ProducerBuilder<byte[]?, byte[]?>(config).SetLogHandler((_, _) => { }).Build();
    }

    public Task ProduceAsync(IProducer<byte[]?, byte[]?> producer, string topic) => producer.ProduceAsync(new TopicPartition(topic, Partition), new Message<byte[]?, byte[]?>
    {
        Key = Encoding.UTF8.GetBytes(Key),
        Value = Value,
        Timestamp = new Timestamp(TimestampMs, TimestampType.CreateTime),
    });

    private static IReadOnlyList<TopicLine> Read(string file) =>
    [
        .. GoldenData.JsonLines(file).Select(line => new TopicLine(
            line.GetProperty("partition").GetInt32(), line.GetProperty("timestamp_ms").GetInt64(), line.GetProperty("key").GetString()!, Bytes(line))),
    ];

    private static byte[] Bytes(JsonElement line) => Convert.FromHexString(line.GetProperty("value_hex").GetString()!);
}
