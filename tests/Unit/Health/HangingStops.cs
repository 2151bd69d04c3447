namespace DashStream.Tests.Health;

/// <summary>A backend that stops to answer: what is asked of it while <see cref="Hangs"/> ends only when it is released.</summary>
internal sealed class HangingStops(IStreamProvider inner) : IStreamProvider
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _hangs;

    public bool Hangs
    {
        get => _hangs;
        set => _hangs = value;
    }

    public string Name => inner.Name;

    public ProviderCapabilities Capabilities => inner.Capabilities;

    public IStreamAdmin Admin => inner.Admin;

    public void Release() => _released.TrySetResult();

    public async ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) =>
        new Producer(await inner.OpenProducerAsync(topic, cancellationToken), this);

    public async ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        new Consumer(await inner.OpenConsumerAsync(topic, options, cancellationToken), this);

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => inner.CheckHealthAsync(cancellationToken);

    // The inner one is the test's.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task AnswerAsync() => _hangs ? _released.Task : Task.CompletedTask;

    private sealed class Producer(IStreamProducer inner, HangingStops owner) : IStreamProducer
    {
        public string Topic => inner.Topic;

        public int PartitionCount => inner.PartitionCount;

        public ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default) => inner.SendAsync(record, cancellationToken);

        public ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default) =>
            inner.SendBatchAsync(records, cancellationToken);

        public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public async ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
        {
            await owner.AnswerAsync();
            return await inner.StopAsync(deadline, cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await owner.AnswerAsync();
            await inner.DisposeAsync();
        }
    }

    private sealed class Consumer(IStreamConsumer inner, HangingStops owner) : IStreamConsumer
    {
        public string Topic => inner.Topic;

        public string? Group => inner.Group;

        public IReadOnlyList<int> Assignment => inner.Assignment;

        public ValueTask<StreamBatch> ReadAsync(TimeSpan wait, CancellationToken cancellationToken = default) => inner.ReadAsync(wait, cancellationToken);

        public async ValueTask CommitAsync(IReadOnlyList<StreamPosition> positions, CancellationToken cancellationToken = default)
        {
            await owner.AnswerAsync();
            await inner.CommitAsync(positions, cancellationToken);
        }

        public ValueTask SeekAsync(int partition, SeekTarget target, CancellationToken cancellationToken = default) => inner.SeekAsync(partition, target, cancellationToken);

        public void Pause(IReadOnlyCollection<int> partitions) => inner.Pause(partitions);

        public void Resume(IReadOnlyCollection<int> partitions) => inner.Resume(partitions);

        public ValueTask<IReadOnlyList<PartitionProgress>> GetProgressAsync(CancellationToken cancellationToken = default) => inner.GetProgressAsync(cancellationToken);

        public async ValueTask<StopReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
        {
            await owner.AnswerAsync();
            return await inner.StopAsync(deadline, cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await owner.AnswerAsync();
            await inner.DisposeAsync();
        }
    }
}
