using Confluent.Kafka;
using DashStream.Cli;
using DashStream.Tests.Cli;

namespace DashStream.Conformance.Kafka;

/// <summary>
/// The original's topic written back to a broker, and what else a topic may hold: <c>dashstream parse</c> reads all of it, says what it could not read, and ends at
/// the end of every partition, whatever is there.
/// </summary>
[TestClass]
public sealed class GoldenTopicTests
{
    private const int Partitions = 4;

    private readonly string _topic = $"golden-{Guid.NewGuid():N}";
    private readonly ToolSession _tool = new();
    private KafkaServer _server = null!;

    [TestInitialize]
    public async Task BeginAsync()
    {
        _server = await KafkaServerFixture.ServerAsync();
        _server.RequireReal();
    }

    [TestCleanup]
    public async Task EndAsync() => await _tool.DisposeAsync();

    [TestMethod]
    [DataRow(CompressionType.None)]
    [DataRow(CompressionType.Gzip)]
    [DataRow(CompressionType.Snappy)]
    [DataRow(CompressionType.Lz4)]
    [DataRow(CompressionType.Zstd)]
    public async Task The_topic_is_read_completely_and_as_from_another_store(CompressionType compression)
    {
        var lines = TopicLine.Golden();
        await CreateAsync(Partitions);
        await TopicLine.WriteAsync(_server.BootstrapServers, _topic, lines, config => config.CompressionType = compression);
        await CopyToMemoryAsync(lines);

        foreach (var format in new[] { "jsonl", "text" })
        {
            var read = await ParseAsync("--format", format);
            var other = await _tool.RunAsync("parse", "memory:", "--topic", _topic, "--format", format);

            Assert.AreEqual(ExitCodes.Ok, read.Code, read.Err);
            Assert.AreEqual(string.Join('\n', other.Lines.Order(StringComparer.Ordinal)), string.Join('\n', read.Lines.Order(StringComparer.Ordinal)));
            Assert.AreEqual($"{lines.Count:N0} records read, {lines.Count:N0} messages printed", read.Err.Trim());
        }
    }

    [TestMethod]
    public async Task Partitions_that_end_in_transactions_markers_and_nothing_are_read_to_their_end()
    {
        var lines = TopicLine.Golden().Take(20).ToList();
        await CreateAsync(12);
        using (var producer = await TransactionsAsync())
        {
            await CommitAsync(producer, lines.Select(line => line with { Partition = 0 }));
            await AbortAsync(producer, lines.Select(line => line with { Partition = 1 }));
            await CommitAsync(producer, lines.Select(line => line with { Partition = 2 }));
            await AbortAsync(producer, lines.Select(line => line with { Partition = 2 }));
        }

        var alone = await ParseAsync("--format", "jsonl");
        var member = await ParseAsync("--format", "jsonl", "--group", "readers");
        var again = await ParseAsync("--format", "jsonl", "--group", "readers");

        Assert.AreEqual((ExitCodes.Ok, ExitCodes.Ok, ExitCodes.Ok), (alone.Code, member.Code, again.Code), alone.Err + member.Err + again.Err);
        Assert.AreEqual((40, 40, 0), (alone.Lines.Length, member.Lines.Length, again.Lines.Length));
    }

    [TestMethod]
    public async Task A_transaction_that_is_still_open_is_not_waited_for()
    {
        var lines = TopicLine.Golden().Take(5).Select(line => line with { Partition = 0 }).ToList();
        await CreateAsync(1);
        using var producer = await TransactionsAsync();
        await CommitAsync(producer, lines);
        producer.BeginTransaction();
        await Task.WhenAll(lines.Select(line => line.ProduceAsync(producer, _topic)));

        var read = await ParseAsync("--format", "jsonl");

        producer.AbortTransaction();
        Assert.AreEqual(ExitCodes.Ok, read.Code, read.Err);
        Assert.HasCount(lines.Count, read.Lines);
    }

    [TestMethod]
    public async Task What_is_no_message_is_named_and_counted_and_the_others_go_on()
    {
        var lines = TopicLine.Golden().Where(line => line.Partition == 0).Take(6).ToList();
        byte[][] foreign = ["{\"level\": \"info\"}"u8.ToArray(), [0x01, 0xFF, 0x00], []];
        await CreateAsync(2);
        await TopicLine.WriteAsync(_server.BootstrapServers, _topic, lines[..3]);
        await TopicLine.WriteAsync(_server.BootstrapServers, _topic, foreign.Select(value => lines[0] with { Value = value }));
        await TopicLine.WriteAsync(_server.BootstrapServers, _topic, [lines[0] with { Value = null! }]);
        await TopicLine.WriteAsync(_server.BootstrapServers, _topic, lines[3..]);

        var read = await ParseAsync("--format", "jsonl");

        Assert.AreEqual(ExitCodes.Incomplete, read.Code, read.Err);
        Assert.HasCount(lines.Count, read.Lines, read.Err);
        Assert.Contains("unreadable: 0@3", read.Err);
        Assert.Contains("unreadable: 0@4", read.Err);
        Assert.Contains($"{lines.Count + foreign.Length + 1} records read, {lines.Count} messages printed, ", read.Err);
    }

    [TestMethod]
    public async Task Offsets_that_compaction_took_away_are_passed_over()
    {
        await using var cluster = await KafkaCluster.StartAsync(new KafkaClusterOptions { Settings = new Dictionary<string, string> { ["log.cleaner.backoff.ms"] = "200" } });
        var first = TopicLine.Golden().Where(line => line.Partition == 0).Take(1).Single();
        await cluster.CreateTopicAsync(_topic, settings: new()
        {
            ["cleanup.policy"] = "compact", ["segment.bytes"] = "1048576", ["min.cleanable.dirty.ratio"] = "0.001", ["segment.ms"] = "100", ["max.compaction.lag.ms"] = "100",
        });
        await TopicLine.WriteAsync(cluster.BootstrapServers, _topic, Enumerable.Range(0, 500).Select(i => first with { Key = $"key-{i % 7}", TimestampMs = Now() - 60_000 }));
        await TopicLine.WriteAsync(cluster.BootstrapServers, _topic, [first with { Key = "last", TimestampMs = Now() }]);
        await Eventually.TrueAsync(
            async () => (await RawClient.ReadAsync(cluster.ClientConfig(), _topic)).Count < 100, "compaction");

        var read = await ParseAsync(cluster.BootstrapServers, ["--format", "jsonl"]);

        Assert.AreEqual(ExitCodes.Ok, read.Code, read.Err);
        Assert.HasCount((await RawClient.ReadAsync(cluster.ClientConfig(), _topic)).Count, read.Lines);
    }

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task CreateAsync(int partitions)
    {
        await using var provider = new DashStream.Providers.KafkaProvider(new() { BootstrapServers = _server.BootstrapServers });
        await provider.Admin.CreateTopicAsync(new TopicSpec(_topic, partitions));
    }

    private async Task CopyToMemoryAsync(IEnumerable<TopicLine> lines)
    {
        await using var store = _tool.Open("memory:");
        await store.Provider.Admin.CreateTopicAsync(new TopicSpec(_topic, Partitions));
        await using var producer = await store.Provider.OpenProducerAsync(_topic);
        foreach (var line in lines)
        {
            await producer.SendAsync(new StreamRecord(System.Text.Encoding.UTF8.GetBytes(line.Key), line.Value, null, line.TimestampMs * 1000) { TargetPartition = line.Partition });
        }
    }

    private Task<ToolResult> ParseAsync(params string[] arguments) => ParseAsync(_server.BootstrapServers, arguments);

    private async Task<ToolResult> ParseAsync(string servers, string[] arguments)
    {
        // Interrupts a reader that does not find the end.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await _tool.RunAsync(["parse", $"kafka://{servers}", "--topic", _topic, .. arguments], limit.Token);
    }

    private async Task<IProducer<byte[]?, byte[]?>> TransactionsAsync()
    {
        var producer = TopicLine.Producer(_server.BootstrapServers, config => config.TransactionalId = _topic);
        await Task.Run(() => producer.InitTransactions(Eventually.Patience));
        return producer;
    }

    private async Task CommitAsync(IProducer<byte[]?, byte[]?> producer, IEnumerable<TopicLine> lines)
    {
        producer.BeginTransaction();
        await Task.WhenAll(lines.Select(line => line.ProduceAsync(producer, _topic)));
        producer.CommitTransaction();
    }

    private async Task AbortAsync(IProducer<byte[]?, byte[]?> producer, IEnumerable<TopicLine> lines)
    {
        producer.BeginTransaction();
        await Task.WhenAll(lines.Select(line => line.ProduceAsync(producer, _topic)));
        producer.AbortTransaction();
    }
}
