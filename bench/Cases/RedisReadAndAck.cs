using System.Diagnostics;
using DashStream.Bench.Kafka;
using DashStream.Bench.Redis;
using DashStream.Providers;
using StackExchange.Redis;

namespace DashStream.Bench.Cases;

/// <summary>What our layers cost or save above StackExchange.Redis when a group reads and acknowledges each page.</summary>
internal sealed class RedisReadAndAck : IBenchCase
{
    private const int Records = 200_000;
    private const int Page = 500;
    private const int Window = 10_000;

    private readonly string _topic = $"bench-{Guid.NewGuid():N}";
    private BenchRedis? _redis;
    private RedisProvider? _provider;
    private ConnectionMultiplexer? _raw;
    private int _groups;

    public string Name => "redis/read-and-ack";

    public string Operation => "one 200-byte value of one stream read by a group in pages of 500, each acknowledged";

    public BenchSide Ours => new("IStreamConsumer", ReadAsync);

    public BenchSide Yardstick => new("StackExchange.Redis, XREADGROUP and XACK", ReadRawAsync);

    public IReadOnlyList<BenchSide> Beside => [new BenchSide("redis-benchmark -P 64 -c 1, XREADGROUP without XACK", ReadByToolAsync) { IsHere = false }];

    public int? OperationsPerRound => Records;

    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        _redis = await BenchRedis.StartAsync(cancellationToken);
        _provider = _redis.Provider();
        await _provider.Admin.CreateTopicAsync(new TopicSpec(_topic), cancellationToken);
        await using var producer = await _provider.OpenProducerAsync(_topic, cancellationToken);
        var messages = new RunMessages();
        await new SendWindow<StreamPosition>(Window).RunAsync(Records, i => producer.SendAsync(messages.Record(i), cancellationToken));
        _raw = await _redis.ConnectAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _raw?.Dispose();
        await (_provider?.Admin.DeleteTopicAsync(_topic) ?? default);
        await (_provider?.DisposeAsync() ?? default);
        await (_redis?.DisposeAsync() ?? default);
    }

    private async ValueTask<TimeSpan> ReadAsync(int operations, CancellationToken cancellationToken)
    {
        await using var consumer = await _provider!.OpenConsumerAsync(
            _topic, new StreamConsumerOptions { Group = $"ours-{_groups++}", MaxBatchRecords = Page, Start = SeekTarget.Beginning }, cancellationToken);
        var started = 0L;
        for (var taken = 0; taken < operations;)
        {
            var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(1), cancellationToken);
            if (batch.Records.Count == 0)
            {
                continue;
            }

            started = started == 0 ? Stopwatch.GetTimestamp() : started;
            taken += batch.Records.Count;
            await consumer.CommitAsync([batch.Records[^1].Position!.Value], cancellationToken);
        }

        return Stopwatch.GetElapsedTime(started);
    }

    // The tool cannot name the ids that it read, so it acknowledges nothing: half of the work.
    private async ValueTask<TimeSpan> ReadByToolAsync(int operations, CancellationToken cancellationToken)
    {
        var (stream, group) = ($"ds:{{{_topic}}}:p:0", $"tool-{_groups++}");
        await _raw!.GetDatabase().ExecuteAsync("XGROUP", "CREATE", (RedisKey)stream, group, "0");
        var pages = operations / Page;
        var rate = await _redis!.ToolRateAsync(
            pages, ["XREADGROUP", "GROUP", group, "member", "COUNT", $"{Page}", "STREAMS", stream, ">"], cancellationToken);
        return TimeSpan.FromSeconds(pages / rate);
    }

    // The acknowledgements are on their way while the next page comes.
    private async ValueTask<TimeSpan> ReadRawAsync(int operations, CancellationToken cancellationToken)
    {
        var database = _raw!.GetDatabase();
        RedisKey stream = $"ds:{{{_topic}}}:p:0";
        var group = $"raw-{_groups++}";
        await database.ExecuteAsync("XGROUP", "CREATE", stream, group, "0");
        var acknowledged = new List<Task>();
        var started = 0L;
        for (var taken = 0; taken < operations;)
        {
            var reply = await database.ExecuteAsync("XREADGROUP", "GROUP", group, "member", "COUNT", Page, "STREAMS", stream, ">");
            started = started == 0 ? Stopwatch.GetTimestamp() : started;
            var entries = (RedisResult[])((RedisResult[])((RedisResult[])reply!)[0]!)[1]!;
            var words = new List<object> { stream, group };
            foreach (var entry in entries)
            {
                var parts = (RedisResult[])entry!;
                GC.KeepAlive((byte[]?)((RedisResult[])parts[1]!)[^1]);
                words.Add((string)parts[0]!);
            }

            taken += entries.Length;
            acknowledged.Add(database.ExecuteAsync("XACK", [.. words]));
        }

        await Task.WhenAll(acknowledged).WaitAsync(cancellationToken);
        return Stopwatch.GetElapsedTime(started);
    }
}
