using System.Diagnostics;
using Confluent.Kafka;
using DashStream.Bench.Kafka;
using DashStream.Providers;

namespace DashStream.Bench.Cases;

/// <summary>What our layers cost above Confluent's client when reading with a group and committing what is handled.</summary>
internal sealed class KafkaConsume : IBenchCase
{
    private const int Records = 1_000_000;
    private const int Window = 10_000;

    private static readonly TimeSpan CommitInterval = TimeSpan.FromSeconds(1);

    private readonly List<BenchSide> _beside = [];
    private KafkaBroker? _broker;
    private KafkaProvider? _provider;
    private ConsumerConfig? _config;
    private string _topic = "";
    private int _groups;

    public string Name => "kafka/consume";

    public string Operation => "one 200-byte value of 1,000 keys in 4 partitions read by a group, handled, and committed every second";

    public BenchSide Ours => new("DashStreamConsumer", HandleAsync);

    public BenchSide Yardstick => new("Confluent.Kafka, Consume", (operations, _) =>
        ValueTask.FromResult(RawConsumer.Read(new ConsumerConfig(_config!.ToDictionary()) { GroupId = NextGroup() }, _topic, operations)));

    public IReadOnlyList<BenchSide> Beside => _beside;

    public int? OperationsPerRound => Records;

    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        _broker = await KafkaBroker.StartAsync(cancellationToken);
        _topic = await _broker.CreateTopicAsync("consume", bounded: false);
        _provider = _broker.Provider(TimeSpan.FromMilliseconds(5));
        _config = await _broker.ConsumerConfigAsync(_topic, NextGroup());
        await using var producer = await DashStreamProducer.OpenAsync(_provider, _topic, cancellationToken: cancellationToken);
        var messages = new RunMessages();
        await new SendWindow<SendReceipt>(Window).RunAsync(Records, i => producer.SendAsync(messages.Message(i), cancellationToken));
        _beside.Add(new BenchSide("IStreamConsumer", ReadAsync));
        if (_broker.Distribution is { } tools)
        {
            _beside.Add(PerfTools.Consumer(_broker, tools, _topic));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_provider?.DisposeAsync() ?? default);
        await (_broker?.DisposeAsync() ?? default);
    }

    private async ValueTask<TimeSpan> HandleAsync(int operations, CancellationToken cancellationToken)
    {
        var started = 0L;
        var handled = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var consumer = await DashStreamConsumer.OpenAsync(
            _provider!, _topic, NextGroup(), new DashStreamConsumerOptions { CommitInterval = CommitInterval }, cancellationToken: cancellationToken);
        var run = consumer.RunAsync(
            (message, _) =>
            {
                GC.KeepAlive(message.Message.TokenChunk.Text);
                switch (Interlocked.Increment(ref handled))
                {
                    case 1:
                        started = Stopwatch.GetTimestamp();
                        break;
                    case var count when count == operations:
                        done.SetResult();
                        break;
                }

                return ValueTask.CompletedTask;
            },
            CancellationToken.None);
        await Task.WhenAny(run, done.Task.WaitAsync(cancellationToken));
        await consumer.CommitAsync(cancellationToken);
        var time = Stopwatch.GetElapsedTime(started);
        await consumer.StopAsync(TimeSpan.FromSeconds(5), cancellationToken);
        await run;
        return time;
    }

    private async ValueTask<TimeSpan> ReadAsync(int operations, CancellationToken cancellationToken)
    {
        await using var consumer = await _provider!.OpenConsumerAsync(_topic, new StreamConsumerOptions { Group = NextGroup() }, cancellationToken);
        var last = new Dictionary<int, StreamPosition>();
        var started = 0L;
        var committed = 0L;
        for (var taken = 0; taken < operations;)
        {
            var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(1), cancellationToken);
            if (batch.Records.Count == 0)
            {
                continue;
            }

            started = started == 0 ? committed = Stopwatch.GetTimestamp() : started;
            foreach (var record in batch.Records)
            {
                GC.KeepAlive(record.Value);
                last[record.Position!.Value.Partition] = record.Position.Value;
            }

            taken += batch.Records.Count;
            if (Stopwatch.GetElapsedTime(committed) >= CommitInterval)
            {
                await consumer.CommitAsync([.. last.Values], cancellationToken);
                committed = Stopwatch.GetTimestamp();
            }
        }

        await consumer.CommitAsync([.. last.Values], cancellationToken);
        return Stopwatch.GetElapsedTime(started);
    }

    private string NextGroup() => $"bench-{_groups++}-{Guid.NewGuid():N}";
}
