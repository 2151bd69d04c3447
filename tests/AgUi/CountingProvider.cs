namespace DashStream.AgUi.Tests;

/// <summary>Counts the records that its consumers return.</summary>
internal sealed class CountingProvider(IStreamProvider inner) : IStreamProvider
{
    private long _read;
    private long _open;

    public long Read => Interlocked.Read(ref _read);

    /// <summary>Consumers that are not disposed.</summary>
    public long Open => Interlocked.Read(ref _open);

    public string Name => inner.Name;

    public ProviderCapabilities Capabilities => inner.Capabilities;

    public IStreamAdmin Admin => inner.Admin;

    public ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) => inner.OpenProducerAsync(topic, cancellationToken);

    public async ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default)
    {
        var consumer = await inner.OpenConsumerAsync(topic, options, cancellationToken);
        Interlocked.Increment(ref _open);
        return new Consumer(this, consumer);
    }

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => inner.CheckHealthAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class Consumer(CountingProvider owner, IStreamConsumer inner) : IStreamConsumer
    {
        public string Topic => inner.Topic;

        public string? Group => inner.Group;

        public IReadOnlyList<int> Assignment => inner.Assignment;

        public async ValueTask<StreamBatch> ReadAsync(TimeSpan wait, CancellationToken cancellationToken = default)
        {
            var batch = await inner.ReadAsync(wait, cancellationToken);
            Interlocked.Add(ref owner._read, batch.Records.Count);
            return batch;
        }

        public ValueTask CommitAsync(IReadOnlyList<StreamPosition> positions, CancellationToken cancellationToken = default) => inner.CommitAsync(positions, cancellationToken);

        public ValueTask SeekAsync(int partition, SeekTarget target, CancellationToken cancellationToken = default) => inner.SeekAsync(partition, target, cancellationToken);

        public void Pause(IReadOnlyCollection<int> partitions) => inner.Pause(partitions);

        public void Resume(IReadOnlyCollection<int> partitions) => inner.Resume(partitions);

        public ValueTask<IReadOnlyList<PartitionProgress>> GetProgressAsync(CancellationToken cancellationToken = default) => inner.GetProgressAsync(cancellationToken);

        public ValueTask<StopReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default) => inner.StopAsync(deadline, cancellationToken);

        public ValueTask DisposeAsync()
        {
            Interlocked.Decrement(ref owner._open);
            return inner.DisposeAsync();
        }
    }
}
