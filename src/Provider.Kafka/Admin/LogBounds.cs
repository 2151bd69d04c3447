namespace DashStream.Providers;

/// <summary>Offsets of a partition, as Kafka counts them.</summary>
/// <param name="Begin">The oldest that is kept.</param>
/// <param name="End">Where the next append lies at the earliest.</param>
internal readonly record struct LogBounds(long Begin, long End)
{
    public PartitionBounds Contract => new((UInt128)Begin, (UInt128)End);

    /// <summary>Turns every target but one by time into an offset.</summary>
    /// <exception cref="StreamException">The log does not hold it (<see cref="StreamErrorKind.OutOfRange"/>).</exception>
    public long Resolve(string topic, int partition, SeekTarget target) => target switch
    {
        SeekTarget.BeginningTarget => Begin,
        SeekTarget.EndTarget => End,
        SeekTarget.OffsetTarget at when at.Offset >= (UInt128)Begin && at.Offset <= (UInt128)End => (long)at.Offset,
        SeekTarget.OffsetTarget at => throw OutOfRange(topic, new StreamPosition(partition, at.Offset)),
        _ => throw new ArgumentException($"Unknown target {target}.", nameof(target)),
    };

    public StreamException OutOfRange(string topic, StreamPosition position) => new(StreamErrorKind.OutOfRange,
        $"Topic '{topic}' does not hold position {position}: its partition {position.Partition} holds offsets {Begin} up to, not including, {End}. "
        + "Seek to a position between them, to the beginning or to the end.");
}
