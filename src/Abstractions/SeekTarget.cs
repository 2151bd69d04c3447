using System.ComponentModel;

namespace DashStream;

/// <summary>Where reading goes on: a closed choice.</summary>
[TypeConverter(typeof(SeekTargetConverter))]
public abstract record SeekTarget
{
    private SeekTarget()
    {
    }

    /// <summary>The oldest record that the log holds.</summary>
    public static SeekTarget Beginning { get; } = new BeginningTarget();

    /// <summary>Behind the newest record: only what is appended later.</summary>
    public static SeekTarget End { get; } = new EndTarget();

    /// <summary>
    /// The record at that position is the next one delivered. A hole (an offset that was never given out) means the next record after it.
    /// A position before the oldest or beyond the end of the log is refused with <see cref="StreamErrorKind.OutOfRange"/> and nothing moves;
    /// exactly the end is allowed.
    /// </summary>
    public static SeekTarget At(UInt128 offset) => new OffsetTarget(offset);

    /// <summary>The first record with that time or later; the end when there is none.</summary>
    /// <param name="timestampUs">Microseconds since the Unix epoch, UTC.</param>
    public static SeekTarget Time(long timestampUs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(timestampUs);
        return new TimeTarget(timestampUs);
    }

    /// <summary>See <see cref="Beginning"/>.</summary>
    public sealed record BeginningTarget : SeekTarget;

    /// <summary>See <see cref="End"/>.</summary>
    public sealed record EndTarget : SeekTarget;

    /// <summary>See <see cref="At"/>.</summary>
    /// <param name="Offset">Offset inside the partition.</param>
    public sealed record OffsetTarget(UInt128 Offset) : SeekTarget;

    /// <summary>See <see cref="Time"/>.</summary>
    /// <param name="TimestampUs">Microseconds since the Unix epoch, UTC.</param>
    public sealed record TimeTarget(long TimestampUs) : SeekTarget;
}
