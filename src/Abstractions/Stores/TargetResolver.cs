namespace DashStream.Stores;

/// <summary>Turns a <see cref="SeekTarget"/> into an offset of one partition, and refuses what the log does not hold.</summary>
internal static class TargetResolver
{
    /// <exception cref="StreamException">The log does not hold the position (<see cref="StreamErrorKind.OutOfRange"/>).</exception>
    public static async ValueTask<UInt128> ResolveAsync(
        ILogStore store, string topic, int partition, SeekTarget target, CancellationToken cancellationToken)
    {
        // Before the search by time: what is appended meanwhile lies behind this end and is not skipped.
        var bounds = (await store.DescribeAsync(topic, partition, withCounts: false, cancellationToken).ConfigureAwait(false)).Bounds;
        return target switch
        {
            SeekTarget.BeginningTarget => bounds.Begin,
            SeekTarget.EndTarget => bounds.End,
            SeekTarget.OffsetTarget at when at.Offset >= bounds.Begin && at.Offset <= bounds.End => at.Offset,
            SeekTarget.OffsetTarget at => throw OutOfRange(topic, new StreamPosition(partition, at.Offset), bounds),
            SeekTarget.TimeTarget time => await store.FindAsync(topic, partition, time.TimestampUs, cancellationToken).ConfigureAwait(false) ?? bounds.End,
            _ => throw new ArgumentException($"Unknown target {target}.", nameof(target)),
        };
    }

    public static StreamException OutOfRange(string topic, StreamPosition position, PartitionBounds bounds) =>
        new(StreamErrorKind.OutOfRange,
            $"Topic '{topic}' does not hold position {position}: its partition {position.Partition} holds offsets {bounds.Begin} up to, not including, "
            + $"{bounds.End}. Seek to a position between them, to the beginning or to the end.");
}
