namespace DashStream.State;

/// <summary>A moment of a thread to look at: a closed choice.</summary>
public abstract record StatePoint
{
    private StatePoint()
    {
    }

    /// <summary>The end of what is there now.</summary>
    public static StatePoint Latest { get; } = new LatestPoint();

    /// <summary>
    /// Behind the message of that number, or behind the last one with a lower number. Where several producers counted, the newest message with such a number
    /// decides; positions tell them apart.
    /// </summary>
    public static StatePoint AtSequence(ulong sequence)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sequence);
        return new SequencePoint(sequence);
    }

    /// <summary>Behind everything that lies in the log before the first record of a later time.</summary>
    /// <param name="timestampUs">Microseconds since the Unix epoch, UTC.</param>
    public static StatePoint AtTime(long timestampUs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(timestampUs);
        return new TimePoint(timestampUs);
    }

    /// <summary>Behind the record at that position, whichever thread's it is.</summary>
    public static StatePoint AtPosition(StreamPosition position) => new PositionPoint(position);

    /// <summary>See <see cref="Latest"/>.</summary>
    public sealed record LatestPoint : StatePoint
    {
        /// <inheritdoc/>
        public override string ToString() => "the end";
    }

    /// <summary>See <see cref="AtSequence"/>.</summary>
    /// <param name="Sequence">The number.</param>
    public sealed record SequencePoint(ulong Sequence) : StatePoint
    {
        /// <inheritdoc/>
        public override string ToString() => $"number {Sequence}";
    }

    /// <summary>See <see cref="AtTime"/>.</summary>
    /// <param name="TimestampUs">Microseconds since the Unix epoch, UTC.</param>
    public sealed record TimePoint(long TimestampUs) : StatePoint
    {
        /// <inheritdoc/>
        public override string ToString() =>
            DateTimeOffset.UnixEpoch.AddTicks(TimestampUs * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>See <see cref="AtPosition"/>.</summary>
    /// <param name="Position">The position.</param>
    public sealed record PositionPoint(StreamPosition Position) : StatePoint
    {
        /// <inheritdoc/>
        public override string ToString() => $"position {Position}";
    }
}
