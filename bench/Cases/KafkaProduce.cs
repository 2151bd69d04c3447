using DashStream.Bench.Kafka;
using DashStream.Providers;

namespace DashStream.Bench.Cases;

/// <summary>What our layers cost above Confluent's client when sending: the provider alone, and the whole client.</summary>
internal sealed class KafkaProduce : IBenchCase
{
    private const int Window = 10_000;

    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(5);

    private readonly RunMessages _messages = new();
    private readonly SendWindow<StreamPosition> _records = new(Window);
    private readonly SendWindow<SendReceipt> _sends = new(Window);
    private readonly List<BenchSide> _beside = [];
    private KafkaBroker? _broker;
    private KafkaProvider? _provider;
    private IStreamProducer? _recordProducer;
    private DashStreamProducer? _client;
    private RawProducer? _raw;

    public string Name => "kafka/produce";

    public string Operation => "one 200-byte value of 1,000 keys stored (acks=all, idempotent, linger 5 ms), 10,000 in flight";

    public BenchSide Ours => new("DashStreamProducer", (operations, _) => _sends.RunAsync(operations, i => _client!.SendAsync(_messages.Message(i))));

    public BenchSide Yardstick => new("Confluent.Kafka, Produce with a callback", (operations, _) =>
    {
        _raw!.Send(_messages, operations);
        return ValueTask.CompletedTask;
    });

    public IReadOnlyList<BenchSide> Beside => _beside;

    public int? OperationsPerRound => 1_000_000;

    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        _broker = await KafkaBroker.StartAsync(cancellationToken);
        var topic = await _broker.CreateTopicAsync("produce", bounded: true);
        _provider = _broker.Provider(Linger);
        _recordProducer = await _provider.OpenProducerAsync(topic, cancellationToken);
        _client = await DashStreamProducer.OpenAsync(_provider, topic, cancellationToken: cancellationToken);
        _raw = new RawProducer(await _broker.ProducerConfigAsync(Linger, topic), topic, Window);
        _beside.Add(new BenchSide("IStreamProducer", (operations, _) => _records.RunAsync(operations, i => _recordProducer.SendAsync(_messages.Record(i)))));
        if (_broker.Distribution is { } tools)
        {
            _beside.Add(PerfTools.Producer(_broker, tools, topic));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _raw?.Dispose();
        await (_client?.DisposeAsync() ?? default);
        await (_recordProducer?.DisposeAsync() ?? default);
        await (_provider?.DisposeAsync() ?? default);
        await (_broker?.DisposeAsync() ?? default);
    }
}
