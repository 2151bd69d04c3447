using DashStream.Bench.Kafka;

namespace DashStream.Bench.Cases;

/// <summary>What a process holds while five million messages go through the whole client, in and out.</summary>
internal sealed class KafkaMemory : IFigureCase
{
    private const int Million = 1_000_000;
    private const int Millions = 5;
    private const int Window = 10_000;
    private const double BytesPerMiB = 1024 * 1024;

    private KafkaBroker? _broker;

    public string Name => "kafka/memory-5-million";

    public string Subject => "memory while 5,000,000 messages of 200 bytes are sent and handled by one process, after each million";

    public bool IsLong => true;

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        _broker = await KafkaBroker.StartAsync(cancellationToken);
        var topic = await _broker.CreateTopicAsync("memory", bounded: false);
        await using var provider = _broker.Provider(TimeSpan.FromMilliseconds(5));
        await using var producer = await DashStreamProducer.OpenAsync(provider, topic, cancellationToken: cancellationToken);
        await using var consumer = await DashStreamConsumer.OpenAsync(provider, topic, "memory", cancellationToken: cancellationToken);
        var handled = 0L;
        var run = consumer.RunAsync(
            (_, _) =>
            {
                Interlocked.Increment(ref handled);
                return ValueTask.CompletedTask;
            },
            cancellationToken);
        var messages = new RunMessages();
        List<Figure> figures = [];
        for (var million = 1; million <= Millions; million++)
        {
            await new SendWindow<SendReceipt>(Window).RunAsync(Million, i => producer.SendAsync(messages.Message(i), cancellationToken));
            while (Interlocked.Read(ref handled) < (long)million * Million)
            {
                await Task.Delay(20, cancellationToken);
            }

            figures.Add(new Figure($"working set after {million} million", Environment.WorkingSet / BytesPerMiB, "MiB"));
            figures.Add(new Figure($"managed heap after {million} million, collected", GC.GetTotalMemory(forceFullCollection: true) / BytesPerMiB, "MiB"));
        }

        await consumer.StopAsync(TimeSpan.FromSeconds(5), cancellationToken);
        await run;
        return figures;
    }

    public async ValueTask DisposeAsync() => await (_broker?.DisposeAsync() ?? default);
}
