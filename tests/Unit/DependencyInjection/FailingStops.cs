using System.Collections.Concurrent;

namespace DashStream.Tests.DependencyInjection;

/// <summary>A provider whose producers fail to stop.</summary>
internal sealed class FailingStops : IStreamProvider
{
    public ConcurrentBag<string> Stopped { get; } = [];

    public string Name => "failing";

    public ProviderCapabilities Capabilities => new() { Durability = StreamDurability.Process, Persistent = false, MultiProcess = false, MaxRecordBytes = int.MaxValue };

    public IStreamAdmin Admin => throw new NotSupportedException();

    public ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) => new(new Producer(topic, Stopped));

    public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Producer(string topic, ConcurrentBag<string> stopped) : IStreamProducer
    {
        public string Topic => topic;

        public int PartitionCount => 1;

        public ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
        {
            stopped.Add(topic);
            throw new StreamException(StreamErrorKind.Transient, "gone");
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
