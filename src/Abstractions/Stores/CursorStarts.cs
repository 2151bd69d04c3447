using DashStream.Groups;

namespace DashStream.Stores;

/// <summary>
/// Where reading begins in a partition: behind the group's commit, else where the options say. <see cref="SeekTarget.End"/> means the end as it was when the
/// consumer was opened, so that nothing appended after the opening is skipped, however late the partition is assigned or first read.
/// </summary>
internal sealed class CursorStarts(ILogStore store, TopicSpec topic, StreamConsumerOptions options, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly UInt128[] _ends = new UInt128[topic.Partitions];

    /// <summary>Notes the ends of the log, if the options ask for them.</summary>
    public async ValueTask PinEndsAsync(IEnumerable<int> partitions, CancellationToken cancellationToken)
    {
        if (options.Start is not SeekTarget.EndTarget)
        {
            return;
        }

        foreach (var partition in partitions)
        {
            _ends[partition] = await TargetResolver.ResolveAsync(store, topic.Name, partition, options.Start, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Finds the starts of newly assigned partitions. Waits an outage of the store out, until cancelled.</summary>
    public async ValueTask<IReadOnlyList<PartitionCursor>> FindAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                // A store that ignores its token must not hold up the membership.
                return await FindOnceAsync(partitions, cancellationToken).OrLeaveAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (StreamException e) when (e.IsTransient || e.Kind == StreamErrorKind.Timeout)
            {
                var ceiling = Math.Min(LongestPause.TotalMilliseconds, FirstPause.TotalMilliseconds * Math.Pow(2, failures));
                await Task.Delay(TimeSpan.FromMilliseconds(ceiling * (0.5 + (Chance.Random.NextDouble() / 2))), time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Where a reader without a commit begins.</summary>
    /// <exception cref="StreamException">The log does not hold the position (<see cref="StreamErrorKind.OutOfRange"/>).</exception>
    public async ValueTask<PartitionCursor> FindWithoutCommitAsync(int partition, SeekTarget target, CancellationToken cancellationToken)
    {
        if (target is not SeekTarget.EndTarget)
        {
            var start = await TargetResolver.ResolveAsync(store, topic.Name, partition, target, cancellationToken).ConfigureAwait(false);
            return new PartitionCursor(partition, start, fault: null);
        }

        // An end that lies lower than it did belongs to a topic that was made anew: all of it was appended since.
        var bounds = (await store.DescribeAsync(topic.Name, partition, withCounts: false, cancellationToken).ConfigureAwait(false)).Bounds;
        return new PartitionCursor(partition, bounds.End < _ends[partition] ? bounds.Begin : _ends[partition], fault: null);
    }

    private async ValueTask<IReadOnlyList<PartitionCursor>> FindOnceAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        // Read after the fences became ours: no earlier owner can commit any more.
        var state = await store.Groups.ReadAsync(topic.Name, options.Group!, cancellationToken).ConfigureAwait(false);
        var document = GroupDocumentFormat.Read(state.Document, topic.Partitions, state.NowUs, $"group '{options.Group}' of topic '{topic.Name}'");
        var committed = state.Partitions.ToDictionary(static row => row.Partition, static row => row.Committed);
        var cursors = new List<PartitionCursor>(partitions.Count);
        foreach (var partition in partitions)
        {
            if (committed.GetValueOrDefault(partition) is { } done)
            {
                cursors.Add(new PartitionCursor(partition, done + 1, fault: null));
                continue;
            }

            var target = document.Partitions[partition].FromBeginning ? SeekTarget.Beginning : options.Start;
            cursors.Add(await FindOrFaultAsync(partition, target, cancellationToken).ConfigureAwait(false));
        }

        return cursors;
    }

    // A start that the log does not hold is told by the reads of that partition until somebody seeks; the others go on.
    private async ValueTask<PartitionCursor> FindOrFaultAsync(int partition, SeekTarget target, CancellationToken cancellationToken)
    {
        try
        {
            return await FindWithoutCommitAsync(partition, target, cancellationToken).ConfigureAwait(false);
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.OutOfRange)
        {
            return new PartitionCursor(partition, ((SeekTarget.OffsetTarget)target).Offset, e);
        }
    }
}
