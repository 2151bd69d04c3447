using Confluent.Kafka;
using DashStream.Bench.Kafka;
using DashStream.Protocol;
using DashStream.Providers;

namespace DashStream.Bench.Cases;

/// <summary>From send to handler at a modest rate and without linger, ours and the plain client in turn.</summary>
internal sealed class KafkaLatency : IFigureCase
{
    private const int PerSecond = 500;
    private const int Messages = 2_500;
    private const int Rounds = 5;
    private const int WarmUps = 3;

    private static readonly double[] Shares = [0.5, 0.99];

    private KafkaBroker? _broker;

    public string Name => "kafka/latency";

    public string Subject => $"milliseconds from send to handler at {PerSecond}/s without linger, {Rounds} rounds in turn with Confluent.Kafka";

    public bool IsLong => false;

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        _broker = await KafkaBroker.StartAsync(cancellationToken);
        var topic = await _broker.CreateTopicAsync("latency", bounded: true);
        List<double[]> ours = [];
        List<double[]> plain = [];
        for (var round = 0; round < WarmUps + Rounds; round++)
        {
            ours.Add(await OursAsync(topic, cancellationToken));
            plain.Add(await PlainAsync(topic, cancellationToken));
        }

        return [.. Figures("ours", ours[WarmUps..]), .. Figures("Confluent.Kafka", plain[WarmUps..])];
    }

    public async ValueTask DisposeAsync() => await (_broker?.DisposeAsync() ?? default);

    private static IEnumerable<Figure> Figures(string who, List<double[]> rounds) =>
        from share in Shares
        let spread = Spread.Of(rounds.Select(round => round[(int)(share * (round.Length - 1))]))
        select new Figure($"{who}, p{share * 100:0}, median of {rounds.Count} rounds ({spread.Min:0.00} to {spread.Max:0.00})", spread.Median, "ms");

    private async Task<double[]> OursAsync(string topic, CancellationToken cancellationToken)
    {
        await using var provider = _broker!.Provider(TimeSpan.Zero);
        await using var producer = await DashStreamProducer.OpenAsync(provider, topic, cancellationToken: cancellationToken);
        var options = new DashStreamConsumerOptions { Stream = new StreamConsumerOptions { Start = SeekTarget.End } };
        await using var consumer = await DashStreamConsumer.OpenAsync(provider, topic, $"latency-{Guid.NewGuid():N}", options, cancellationToken: cancellationToken);
        var pace = new Pace(PerSecond, Messages);
        var run = consumer.RunAsync(
            (message, _) =>
            {
                pace.Arrived((int)message.Message.TokenChunk.ChunkIndex);
                return ValueTask.CompletedTask;
            },
            cancellationToken);
        while (consumer.Assignment.Count < KafkaBroker.Partitions)
        {
            await Task.Delay(10, cancellationToken);
        }

        var text = new string('x', RunMessages.ValueBytes / 2);
        var latencies = await pace.RunAsync(
            index =>
            {
                var chunk = new TokenChunk { Header = new Protocol.Header { ThreadId = $"run-{index % 100}" }, ChunkIndex = (uint)index, Text = text };
                var sent = producer.SendAsync(chunk, cancellationToken);
                GC.KeepAlive(sent);
            },
            cancellationToken);
        await consumer.StopAsync(TimeSpan.FromSeconds(5), cancellationToken);
        await run;
        return latencies;
    }

    private async Task<double[]> PlainAsync(string topic, CancellationToken cancellationToken)
    {
        var producerConfig = await _broker!.ProducerConfigAsync(TimeSpan.Zero, topic);
        var consumerConfig = await _broker.ConsumerConfigAsync(topic, $"latency-{Guid.NewGuid():N}");
        consumerConfig.AutoOffsetReset = AutoOffsetReset.Latest;
        using var producer = new ProducerBuilder<byte[], byte[]>(producerConfig).SetLogHandler((_, _) => { }).Build();
        var pace = new Pace(PerSecond, Messages);
        using var over = new CancellationTokenSource();
        var assigned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = Task.Factory.StartNew(() => ReadPlain(consumerConfig, topic, pace, assigned, over.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await assigned.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
        var value = new byte[RunMessages.ValueBytes];
        var target = new TopicPartition(topic, Partition.Any);
        var latencies = await pace.RunAsync(
            index =>
            {
                BitConverter.TryWriteBytes(value, index);
                producer.Produce(target, new Message<byte[], byte[]> { Key = BitConverter.GetBytes(index % 100), Value = value }, static _ => { });
            },
            cancellationToken);
        await over.CancelAsync();
        await reading;
        return latencies;
    }

    private static void ReadPlain(ConsumerConfig config, string topic, Pace pace, TaskCompletionSource assigned, CancellationToken over)
    {
        var ends = new HashSet<int>();
        using var client = new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler((_, _) => { }).Build();
        client.Subscribe(topic);
        while (!over.IsCancellationRequested)
        {
            // Its end, told of each partition, says that reading has begun there.
            var result = client.Consume(100);
            if (result is { IsPartitionEOF: true } && ends.Add(result.Partition.Value) && ends.Count == KafkaBroker.Partitions)
            {
                assigned.TrySetResult();
            }
            else if (result is { IsPartitionEOF: false })
            {
                pace.Arrived(BitConverter.ToInt32(result.Message.Value));
            }
        }

        client.Close();
    }
}
