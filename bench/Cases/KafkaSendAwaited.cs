using DashStream.Bench.Kafka;
using DashStream.Providers;

namespace DashStream.Bench.Cases;

/// <summary>One caller that awaits each send before the next: the round trip, and what we add to it.</summary>
internal sealed class KafkaSendAwaited : IBenchCase
{
    private readonly RunMessages _messages = new();
    private readonly List<BenchSide> _beside = [];
    private KafkaBroker? _broker;
    private KafkaProvider? _provider;
    private IStreamProducer? _recordProducer;
    private DashStreamProducer? _client;
    private RawProducer? _raw;

    public string Name => "kafka/send-awaited";

    public string Operation => "one 200-byte value sent and awaited before the next (acks=all, idempotent, no linger)";

    public BenchSide Ours => new("DashStreamProducer", async (operations, cancellationToken) =>
    {
        for (var i = 0; i < operations; i++)
        {
            await _client!.SendAsync(_messages.Message(i), cancellationToken);
        }
    });

    public BenchSide Yardstick => new("Confluent.Kafka, ProduceAsync", async (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            await _raw!.SendAsync(_messages, i);
        }
    });

    public IReadOnlyList<BenchSide> Beside => _beside;

    public int? OperationsPerRound => 1_000;

    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        _broker = await KafkaBroker.StartAsync(cancellationToken);
        var topic = await _broker.CreateTopicAsync("awaited", bounded: true);
        _provider = _broker.Provider(TimeSpan.Zero);
        _recordProducer = await _provider.OpenProducerAsync(topic, cancellationToken);
        _client = await DashStreamProducer.OpenAsync(_provider, topic, cancellationToken: cancellationToken);
        _raw = new RawProducer(await _broker.ProducerConfigAsync(TimeSpan.Zero, topic), topic, window: 1);
        _beside.Add(new BenchSide("IStreamProducer", SendRecordsAsync));
    }

    public async ValueTask DisposeAsync()
    {
        _raw?.Dispose();
        await (_client?.DisposeAsync() ?? default);
        await (_recordProducer?.DisposeAsync() ?? default);
        await (_provider?.DisposeAsync() ?? default);
        await (_broker?.DisposeAsync() ?? default);
    }

    private async ValueTask SendRecordsAsync(int operations, CancellationToken cancellationToken)
    {
        for (var i = 0; i < operations; i++)
        {
            await _recordProducer!.SendAsync(_messages.Record(i), cancellationToken);
        }
    }
}
