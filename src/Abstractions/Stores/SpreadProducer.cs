namespace DashStream.Stores;

/// <summary>
/// The producer of a topic whose partitions lie apart: a <see cref="BatchingProducer"/> for each partition, so that none waits for another one's storage. They share the
/// room for what is not stored yet.
/// </summary>
internal sealed class SpreadProducer : IStreamProducer, IOutcomeProducer
{
    private readonly PartitionChooser _partitions;
    private readonly BatchingProducer[] _lanes;

    /// <summary>Opens nothing; the topic is there.</summary>
    public SpreadProducer(ILogStore store, TopicSpec topic, long maxRecordBytes, LogProviderOptions options, TimeProvider time)
    {
        Topic = topic.Name;
        var room = new PendingRoom();
        _partitions = new PartitionChooser(topic.Partitions, options.KeyHash, new Random());
        _lanes = [.. Enumerable.Range(0, topic.Partitions).Select(partition =>
            new BatchingProducer(store, topic, maxRecordBytes, options, time, new Random(), new BatchingProducer.Lane(this, new PartitionChooser(partition), room)))];
    }

    /// <inheritdoc/>
    public string Topic { get; }

    /// <inheritdoc/>
    public int PartitionCount => _lanes.Length;

    /// <inheritdoc/>
    public ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        return _lanes[LaneOf(record)].SendAsync(record, cancellationToken);
    }

    /// <inheritdoc/>
    public StreamException? Send(StreamRecord record, ISendOutcome outcome) => _lanes[LaneOf(record)].Send(record, outcome);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<IReadOnlyList<SendResult>>(cancellationToken);
        }

        if (records.Count == 0)
        {
            return _lanes[0].SendBatchAsync(records, cancellationToken);
        }

        var parts = new List<(StreamRecord Record, int Index)>?[_lanes.Length];
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i] ?? throw new ArgumentException($"Record {i} of the batch is null.", nameof(records));
            (parts[LaneOf(record)] ??= []).Add((record, i));
        }

        // All are taken on before this returns: calls keep their order in each partition.
        var sends = new List<(List<(StreamRecord Record, int Index)> Part, Task<IReadOnlyList<SendResult>> Results)>();
        for (var lane = 0; lane < parts.Length; lane++)
        {
            if (parts[lane] is { } part)
            {
                sends.Add((part, _lanes[lane].SendBatchAsync([.. part.Select(static one => one.Record)], cancellationToken).AsTask()));
            }
        }

        return new ValueTask<IReadOnlyList<SendResult>>(JoinAsync(sends, records.Count));
    }

    /// <inheritdoc/>
    public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default) =>
        SumAsync(_lanes.Select(lane => lane.FlushAsync(cancellationToken).AsTask()));

    /// <inheritdoc/>
    public ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(deadline, TimeSpan.Zero);
        return SumAsync(_lanes.Select(lane => lane.StopAsync(deadline, cancellationToken).AsTask()));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(BatchingProducer.DisposeDeadline).ConfigureAwait(false);

    // Any lane refuses a target that does not exist.
    private int LaneOf(StreamRecord record) => _partitions.Choose(record) is var partition && (uint)partition < (uint)_lanes.Length ? partition : 0;

    private static async Task<IReadOnlyList<SendResult>> JoinAsync(
        List<(List<(StreamRecord Record, int Index)> Part, Task<IReadOnlyList<SendResult>> Results)> sends, int count)
    {
        await Task.WhenAll(sends.Select(static send => send.Results)).ConfigureAwait(false);
        var results = new SendResult[count];
        foreach (var (part, done) in sends)
        {
            var ofPart = await done.ConfigureAwait(false);
            for (var i = 0; i < part.Count; i++)
            {
                results[part[i].Index] = ofPart[i];
            }
        }

        return results;
    }

    private static async ValueTask<FlushReceipt> SumAsync(IEnumerable<Task<FlushReceipt>> lanes)
    {
        var receipts = await Task.WhenAll(lanes).ConfigureAwait(false);
        return new FlushReceipt(receipts.Sum(static one => one.Stored), receipts.Sum(static one => one.Failed), receipts.Sum(static one => one.Pending));
    }
}
