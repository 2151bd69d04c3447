using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// Where reading begins in a partition: behind the group's commit, else where the options say. <see cref="SeekTarget.End"/> means the end as it was when the
/// consumer was opened, so that nothing appended after the opening is skipped, however late the partition is assigned.
/// </summary>
internal sealed class StartFinder(KafkaCluster cluster, LogOffsets offsets, string topic, string? groupId, StreamConsumerOptions options)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);

    private readonly GroupRequests _requests = new(cluster);
    private IReadOnlyDictionary<int, LogBounds> _atOpening = new Dictionary<int, LogBounds>();

    /// <summary>Notes the ends of the log, if the options ask for them.</summary>
    public async Task PinEndsAsync(IReadOnlyCollection<int> partitions, CancellationToken cancellationToken)
    {
        if (options.Start is SeekTarget.EndTarget)
        {
            _atOpening = await offsets.BoundsAsync(topic, partitions, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Finds the starts of partitions that a reader alone asked for.</summary>
    /// <exception cref="StreamException">The log does not hold the start (<see cref="StreamErrorKind.OutOfRange"/>).</exception>
    public async Task<IReadOnlyList<StartPoint>> FindAloneAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        var bounds = await offsets.BoundsAsync(topic, partitions, cancellationToken).ConfigureAwait(false);
        var points = new List<StartPoint>(partitions.Count);
        foreach (var partition in partitions)
        {
            var point = await FindWithoutCommitAsync(partition, bounds[partition], cancellationToken).ConfigureAwait(false);
            points.Add(point.Fault is { } fault ? throw fault : point);
        }

        return points;
    }

    /// <summary>Finds the starts of newly assigned partitions. Waits an outage out, until cancelled.</summary>
    public async Task<IReadOnlyList<StartPoint>> FindAssignedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await FindOnceAsync(partitions, cancellationToken).ConfigureAwait(false);
            }
            catch (StreamException e) when (e.IsTransient || e.Kind == StreamErrorKind.Timeout)
            {
                KafkaLog.ReadTrouble(cluster.Logger, topic, e);
                await Task.Delay(RetryPause, cluster.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<IReadOnlyList<StartPoint>> FindOnceAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        var committed = await _requests.CommittedAsync(
            groupId!, [.. partitions.Select(partition => new TopicPartition(topic, partition))], cancellationToken).ConfigureAwait(false);
        var bounds = await offsets.BoundsAsync(topic, partitions, cancellationToken).ConfigureAwait(false);
        var points = new List<StartPoint>(partitions.Count);
        foreach (var partition in partitions)
        {
            points.Add(committed.TryGetValue(new TopicPartition(topic, partition), out var next)
                ? Behind(partition, next, bounds[partition])
                : await FindWithoutCommitAsync(partition, bounds[partition], cancellationToken).ConfigureAwait(false));
        }

        return points;
    }

    private StartPoint Behind(int partition, long next, LogBounds bounds) =>
        next < bounds.Begin ? new StartPoint(partition, bounds.Begin, next, GapFrom: next)
        : next > bounds.End ? new StartPoint(partition, next, next, Fault: bounds.OutOfRange(topic, new StreamPosition(partition, (UInt128)next)))
        : new StartPoint(partition, next, next);

    private async Task<StartPoint> FindWithoutCommitAsync(int partition, LogBounds bounds, CancellationToken cancellationToken)
    {
        switch (options.Start)
        {
            case SeekTarget.EndTarget:
                // An end that lies lower than it did belongs to a topic that was made anew: all of it was appended since.
                var end = _atOpening.TryGetValue(partition, out var before) ? before.End : bounds.Begin;
                return new StartPoint(partition, bounds.End < end ? bounds.Begin : Math.Max(end, bounds.Begin));
            case SeekTarget.TimeTarget time:
                var found = await offsets.FindAsync(topic, partition, time.TimestampUs, cancellationToken).ConfigureAwait(false);
                return new StartPoint(partition, found ?? bounds.End);
            default:
                return FindOrFault(partition, bounds);
        }
    }

    // A start that the log does not hold is told by the reads of that partition until somebody seeks; the others go on.
    private StartPoint FindOrFault(int partition, LogBounds bounds)
    {
        try
        {
            return new StartPoint(partition, bounds.Resolve(topic, partition, options.Start));
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.OutOfRange)
        {
            return new StartPoint(partition, bounds.End, Fault: e);
        }
    }
}
