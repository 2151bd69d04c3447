namespace DashStream.Conformance.Providers.Faults;

internal sealed class FaultyConsumer(IStreamConsumer inner, FaultSet faults) : IStreamConsumer
{
    public string Topic => inner.Topic;

    public string? Group => inner.Group;

    public IReadOnlyList<int> Assignment => inner.Assignment;

    public async ValueTask<StreamBatch> ReadAsync(TimeSpan wait, CancellationToken cancellationToken = default)
    {
        var batch = await inner.ReadAsync(wait, cancellationToken);
        return new StreamBatch(faults.OnRead(batch.Records), faults.HidesGaps ? [] : batch.Gaps);
    }

    public async ValueTask CommitAsync(IReadOnlyList<StreamPosition> positions, CancellationToken cancellationToken = default)
    {
        try
        {
            await inner.CommitAsync(positions, cancellationToken);
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.Fenced && faults.AcceptsFencedCommits)
        {
            // The fault: the caller believes that the commit counts.
        }
    }

    public ValueTask SeekAsync(int partition, SeekTarget target, CancellationToken cancellationToken = default) =>
        inner.SeekAsync(partition, target, cancellationToken);

    public void Pause(IReadOnlyCollection<int> partitions) => inner.Pause(partitions);

    public void Resume(IReadOnlyCollection<int> partitions) => inner.Resume(partitions);

    public ValueTask<IReadOnlyList<PartitionProgress>> GetProgressAsync(CancellationToken cancellationToken = default) =>
        inner.GetProgressAsync(cancellationToken);

    public ValueTask<StopReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default) => inner.StopAsync(deadline, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
