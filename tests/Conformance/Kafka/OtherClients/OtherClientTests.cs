using System.Text;
using System.Text.Json;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Records are plain Kafka records: what we write others read with key, headers, value and time, and the other way round.</summary>
[TestClass]
public sealed class OtherClientTests
{
    private const long TimestampMs = 1_714_979_289_123;

    private readonly string _topic = $"others-{Guid.NewGuid():N}";
    private KafkaServer _server = null!;

    [TestInitialize]
    public async Task BeginAsync()
    {
        _server = await KafkaServerFixture.ServerAsync();
        _server.RequireReal();
    }

    [TestMethod]
    public async Task Kcat_reads_what_we_write()
    {
        await WriteOursAsync();

        var records = await Kcat.ReadAsync(_server.BootstrapServers, _topic);

        Assert.HasCount(4, records);
        Assert.AreEqual(("thread-1", "Grüße", TimestampMs), (Text(records[0], "key"), Text(records[0], "payload"), records[0].GetProperty("ts").GetInt64()));
        Assert.AreEqual("""["first","1","twice","a","twice","b","empty",""]""", JsonSerializer.Serialize(records[0].GetProperty("headers")));
        Assert.AreEqual(("thread-1", null), (Text(records[1], "key"), Text(records[1], "payload")), "a tombstone");
        Assert.AreEqual(("thread-1", ""), (Text(records[2], "key"), Text(records[2], "payload")), "an empty value");
        Assert.AreEqual((null, "no key"), (Text(records[3], "key"), Text(records[3], "payload")));
    }

    [TestMethod]
    public async Task The_console_consumer_reads_what_we_write()
    {
        var kafka = await KafkaDistribution.RequireAsync();
        await WriteOursAsync();

        var output = await kafka.RunAsync("kafka-console-consumer.sh",
        [
            "--bootstrap-server", _server.BootstrapServers, "--topic", _topic, "--from-beginning", "--max-messages", "4",
            .. new[] { "print.timestamp", "print.partition", "print.offset", "print.headers", "print.key" }.SelectMany(name => new[] { "--property", $"{name}=true" }),
            "--property", "null.literal=NULL",
        ]);

        string[] expected =
        [
            $"CreateTime:{TimestampMs}\tPartition:0\tOffset:0\tfirst:1,twice:a,twice:b,empty:\tthread-1\tGrüße",
            $"CreateTime:{TimestampMs}\tPartition:0\tOffset:1\tNO_HEADERS\tthread-1\tNULL",
            $"CreateTime:{TimestampMs}\tPartition:0\tOffset:2\tNO_HEADERS\tthread-1\t",
            $"CreateTime:{TimestampMs}\tPartition:0\tOffset:3\tNO_HEADERS\tNULL\tno key",
        ];
        // Newer ones begin with a word about their options.
        Assert.AreEqual(string.Join('\n', expected), string.Join('\n', output.Split('\n').Where(line => line.StartsWith("CreateTime", StringComparison.Ordinal))));
    }

    [TestMethod]
    public async Task We_read_what_kcat_writes()
    {
        await using var provider = Open();
        await provider.Admin.CreateTopicAsync(new TopicSpec(_topic, 4));
        await Kcat.WriteAsync(_server.BootstrapServers, _topic, "thread-1|Grüße\nthread-2|other\n", "-H", "first=1", "-H", "twice=a", "-H", "twice=b", "-H", "empty=", "-H", "none");
        await Kcat.WriteAsync(_server.BootstrapServers, _topic, "thread-1|\n", "-Z");

        var records = await ReadAsync(provider, 3);

        var first = records[0];
        Assert.AreEqual(("thread-1", "Grüße"), (Text(first.Key), Text(first.Value!.Value)));
        Assert.AreEqual("first=1 twice=a twice=b empty= none=", string.Join(' ', first.Headers.Select(header => $"{header.Name}={Text(header.Value)}")));
        Assert.IsGreaterThan(TimestampMs * 1000, first.TimestampUs);
        Assert.AreEqual("thread-1", Text(records[1].Key));
        Assert.IsNull(records[1].Value, "a tombstone");
        Assert.AreEqual("thread-2", Text(records[2].Key));
        foreach (var record in records)
        {
            Assert.AreEqual(KeyPartitioner.PartitionOf(record.Key.Span, 4, KeyHash.Crc32), record.Position!.Value.Partition, "librdkafka's partition is ours");
        }
    }

    [TestMethod]
    public async Task Where_a_key_goes_kcat_sends_it_too()
    {
        await using var provider = Open();
        await provider.Admin.CreateTopicAsync(new TopicSpec(_topic, 12));
        await using var producer = await provider.OpenProducerAsync(_topic);
        var keys = Enumerable.Range(0, 50).Select(i => $"thread-{i}").ToList();
        foreach (var key in keys)
        {
            await producer.SendAsync(new StreamRecord(Encoding.UTF8.GetBytes(key), "ours"u8.ToArray()));
        }

        await Kcat.WriteAsync(_server.BootstrapServers, _topic, string.Concat(keys.Select(key => $"{key}|theirs\n")));

        foreach (var records in (await Kcat.ReadAsync(_server.BootstrapServers, _topic)).GroupBy(record => Text(record, "key")))
        {
            Assert.HasCount(1, records.Select(record => record.GetProperty("partition").GetInt32()).Distinct().ToList(), records.Key!);
            Assert.AreEqual("ours theirs", string.Join(' ', records.Select(record => Text(record, "payload"))), records.Key!);
        }
    }

    private async Task WriteOursAsync()
    {
        await using var provider = Open();
        await provider.Admin.CreateTopicAsync(new TopicSpec(_topic, 1));
        await using var producer = await provider.OpenProducerAsync(_topic);
        var headers = StreamHeaders.Create([Header("first", "1"), Header("twice", "a"), Header("twice", "b"), Header("empty", "")]);
        var key = "thread-1"u8.ToArray();
        await producer.SendAsync(new StreamRecord(key, "Grüße"u8.ToArray(), headers, TimestampMs * 1000));
        await producer.SendAsync(new StreamRecord(key, null, null, TimestampMs * 1000));
        await producer.SendAsync(new StreamRecord(key, Array.Empty<byte>(), null, TimestampMs * 1000));
        await producer.SendAsync(new StreamRecord(default, "no key"u8.ToArray(), null, TimestampMs * 1000));
    }

    private async Task<List<StreamRecord>> ReadAsync(KafkaProvider provider, int count)
    {
        await using var reader = await provider.OpenConsumerAsync(_topic, new StreamConsumerOptions { Partitions = [0, 1, 2, 3] });
        var records = new List<StreamRecord>();
        while (records.Count < count)
        {
            var batch = await reader.ReadAsync(Eventually.Patience);
            Assert.IsNotEmpty(batch.Records, "Nothing came.");
            records.AddRange(batch.Records);
        }

        return [.. records.OrderBy(record => Text(record.Key), StringComparer.Ordinal).ThenBy(record => record.Position!.Value.Offset)];
    }

    private KafkaProvider Open() => new(new KafkaProviderOptions { BootstrapServers = _server.BootstrapServers, CreateMissingTopics = false });

    private static StreamHeader Header(string name, string value) => new(name, Encoding.UTF8.GetBytes(value));

    private static string? Text(JsonElement record, string member) => record.GetProperty(member).GetString();

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
