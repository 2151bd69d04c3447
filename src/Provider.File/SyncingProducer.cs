namespace DashStream.Providers;

/// <summary>Adds to a producer that a flush or stop also forces the records onto the disk: <see cref="FsyncPolicy.OnFlush"/>.</summary>
internal sealed class SyncingProducer(IStreamProducer producer, FileLogStore store) : IStreamProducer
{
    public string Topic => producer.Topic;

    public int PartitionCount => producer.PartitionCount;

    public ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default) =>
        producer.SendAsync(record, cancellationToken);

    public ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default) =>
        producer.SendBatchAsync(records, cancellationToken);

    public async ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default)
    {
        var receipt = await producer.FlushAsync(cancellationToken).ConfigureAwait(false);
        await store.SyncAsync().ConfigureAwait(false);
        return receipt;
    }

    public async ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        var receipt = await producer.StopAsync(deadline, cancellationToken).ConfigureAwait(false);
        await store.SyncAsync().ConfigureAwait(false);
        return receipt;
    }

    public async ValueTask DisposeAsync()
    {
        await producer.DisposeAsync().ConfigureAwait(false);
        await store.SyncAsync().ConfigureAwait(false);
    }
}
