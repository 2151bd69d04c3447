namespace DashStream.Conformance.Providers.Faults;

internal sealed class FaultyProducer(IStreamProducer inner, FaultSet faults) : IStreamProducer
{
    public string Topic => inner.Topic;

    public int PartitionCount => inner.PartitionCount;

    public ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default) =>
        inner.SendAsync(faults.OnSend(record), cancellationToken);

    public ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default) =>
        inner.SendBatchAsync([.. records.Select(faults.OnSend)], cancellationToken);

    public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default) => inner.StopAsync(deadline, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
