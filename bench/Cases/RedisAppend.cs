using System.Diagnostics;
using DashStream.Bench.Kafka;
using DashStream.Bench.Redis;
using DashStream.Providers;
using StackExchange.Redis;

namespace DashStream.Bench.Cases;

/// <summary>What our layers cost or save above StackExchange.Redis when sending: one connection on each side, everything on the server's log.</summary>
internal sealed class RedisAppend : IBenchCase
{
    private const int Window = 10_000;

    private readonly RunMessages _messages = new();
    private readonly SendWindow<StreamPosition> _records = new(Window);
    private readonly SendWindow<SendReceipt> _sends = new(Window);
    private readonly SendWindow<RedisResult> _commands = new(Window);
    private readonly string _topic = $"bench-{Guid.NewGuid():N}";
    private readonly List<BenchSide> _beside = [];
    private BenchRedis? _redis;
    private RedisProvider? _provider;
    private IStreamProducer? _producer;
    private DashStreamProducer? _client;
    private ConnectionMultiplexer? _raw;

    public string Name => "redis/append";

    public string Operation => "one 200-byte value of 1,000 keys in one stream (appendonly yes), 10,000 in flight";

    public BenchSide Ours => new("IStreamProducer", (operations, _) => TimeAsync(() => _records.RunAsync(operations, i => _producer!.SendAsync(_messages.Record(i)))));

    public BenchSide Yardstick => new("StackExchange.Redis, XADD pipelined", (operations, _) =>
    {
        var database = _raw!.GetDatabase();
        return TimeAsync(() => _commands.RunAsync(operations, i => new ValueTask<RedisResult>(
            database.ExecuteAsync("XADD", PlainStream, "*", "t", 1_700_000_000_000_000, "k", _messages.Key(i), "v", _messages.Value(i)))));
    });

    public IReadOnlyList<BenchSide> Beside => _beside;

    public int? OperationsPerRound => 400_000;

    private RedisKey OurStream => $"ds:{{{_topic}}}:p:0";

    // As long as ours: each record in the server's log names its stream.
    private RedisKey PlainStream => $"pl:{{{_topic}}}:p:0";

    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        _redis = await BenchRedis.StartAsync(cancellationToken);
        _provider = _redis.Provider();
        await _provider.Admin.CreateTopicAsync(new TopicSpec(_topic), cancellationToken);
        _producer = await _provider.OpenProducerAsync(_topic, cancellationToken);
        _client = await DashStreamProducer.OpenAsync(_provider, _topic, cancellationToken: cancellationToken);
        _raw = await _redis.ConnectAsync(cancellationToken);
        _beside.Add(new BenchSide("DashStreamProducer", (operations, _) => TimeAsync(() => _sends.RunAsync(operations, i => _client.SendAsync(_messages.Message(i))))));
        _beside.Add(_redis.Tool(RunMessages.ValueBytes));
    }

    public async ValueTask DisposeAsync()
    {
        await (_raw?.GetDatabase().KeyDeleteAsync(PlainStream) ?? Task.CompletedTask);
        _raw?.Dispose();
        await (_client?.DisposeAsync() ?? default);
        await (_producer?.DisposeAsync() ?? default);
        await (_provider?.Admin.DeleteTopicAsync(_topic) ?? default);
        await (_provider?.DisposeAsync() ?? default);
        await (_redis?.DisposeAsync() ?? default);
    }

    // The server's memory is the same before each round; what that takes is nobody's.
    private async ValueTask<TimeSpan> TimeAsync(Func<ValueTask> send)
    {
        var started = Stopwatch.GetTimestamp();
        await send();
        var elapsed = Stopwatch.GetElapsedTime(started);
        var database = _raw!.GetDatabase();
        await database.ExecuteAsync("XTRIM", OurStream, "MAXLEN", 0);
        await database.ExecuteAsync("XTRIM", PlainStream, "MAXLEN", 0);
        return elapsed;
    }
}
