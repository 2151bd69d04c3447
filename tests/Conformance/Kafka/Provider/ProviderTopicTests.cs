using Confluent.Kafka;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Presets of topics, and the partition of a key, on a real broker.</summary>
[TestClass]
public sealed class ProviderTopicTests
{
    private const int Keys = 60;
    private const int Partitions = 7;

    public static IEnumerable<object[]> Presets() =>
    [
        [KafkaTopicPresets.Default("preset"), 10, 7, "1073741824", "delete", "zstd"],
        [KafkaTopicPresets.Development("preset"), 3, 1, "268435456", "delete", "producer"],
        [KafkaTopicPresets.DeadLetters("preset"), 3, 30, "268435456", "delete", "zstd"],
    ];

    [TestMethod]
    [DynamicData(nameof(Presets))]
    public async Task A_preset_makes_the_topic_that_the_original_makes(TopicSpec preset, int partitions, int days, string segment, string cleanup, string compression)
    {
        await using var provider = await KafkaProviders.OpenAsync(_ => { });
        var topic = preset with { Name = Topic() };

        await provider.Admin.CreateTopicAsync(topic);
        var made = (await provider.Admin.DescribeTopicAsync(topic.Name))!.Spec;

        Assert.AreEqual((partitions, TimeSpan.FromDays(days), "1"), (made.Partitions, made.RetentionAge!.Value, made.ProviderSettings["replication.factor"]));
        Assert.AreEqual((segment, cleanup, compression),
            (made.ProviderSettings["segment.bytes"], made.ProviderSettings["cleanup.policy"], made.ProviderSettings["compression.type"]));
        Assert.IsFalse(made.ProviderSettings.ContainsKey("min.insync.replicas"));
    }

    [TestMethod]
    public void The_recommended_preset_is_that_of_the_original()
    {
        var preset = KafkaTopicPresets.Recommended("t");

        Assert.AreEqual((10, TimeSpan.FromDays(7)), (preset.Partitions, preset.RetentionAge!.Value));
        Assert.AreEqual("cleanup.policy=delete compression.type=zstd min.insync.replicas=2 replication.factor=3 segment.bytes=1073741824",
            string.Join(' ', preset.ProviderSettings.OrderBy(setting => setting.Key, StringComparer.Ordinal).Select(setting => $"{setting.Key}={setting.Value}")));
    }

    [TestMethod]
    public async Task A_compacted_topic_keeps_records_for_good()
    {
        await using var provider = await KafkaProviders.OpenAsync(_ => { });
        var topic = KafkaTopicPresets.Compacted(Topic(), partitions: 2);

        await provider.Admin.CreateTopicAsync(topic);
        var made = (await provider.Admin.DescribeTopicAsync(topic.Name))!.Spec;

        Assert.AreEqual((2, null, "compact"), (made.Partitions, made.RetentionAge, made.ProviderSettings["cleanup.policy"]));
    }

    [TestMethod]
    [DataRow(KeyHash.Crc32, Partitioner.ConsistentRandom)]
    [DataRow(KeyHash.Murmur2, Partitioner.Murmur2Random)]
    public async Task A_key_goes_where_other_clients_send_it(KeyHash hash, Partitioner partitioner)
    {
        var server = await KafkaServerFixture.ServerAsync();
        await using var provider = await KafkaProviders.OpenAsync(options => options.KeyHash = hash);
        var topic = Topic();
        await provider.Admin.CreateTopicAsync(new TopicSpec(topic, Partitions));
        var keys = Enumerable.Range(0, Keys).Select(i => System.Text.Encoding.UTF8.GetBytes($"käy-{i}")).ToList();

        await using var producer = await provider.OpenProducerAsync(topic);
        var ours = (await producer.SendAllAsync(keys.Select(key => new StreamRecord(key, "v"u8.ToArray())))).Select(position => position.Partition);
        using var raw = new ProducerBuilder<byte[], string>(new ProducerConfig { BootstrapServers = server.BootstrapServers, Partitioner = partitioner }).SetLogHandler((_, _) => { }).Build();
        var theirs = (await Task.WhenAll(keys.Select(key => raw.ProduceAsync(topic, new Message<byte[], string> { Key = key, Value = "v" })))).Select(result => result.Partition.Value);

        Assert.AreEqual(string.Join(' ', theirs), string.Join(' ', ours));
        Assert.AreEqual(string.Join(' ', keys.Select(key => KeyPartitioner.PartitionOf(key, Partitions, hash))), string.Join(' ', ours));
    }

    private static string Topic() => $"topic-{Guid.NewGuid():N}";
}
