using System.Runtime.CompilerServices;
using DashStream.Stores;

namespace DashStream;

/// <summary>
/// One entry of a log, opaque to providers: key, value, headers, time. Immutable. The memory behind key, value and headers must stay unchanged until the
/// send has completed; memory of a record that was read belongs to the record and stays valid as long as it is held.
/// </summary>
public sealed class StreamRecord
{
    // Without the nullable forms of what the properties give: records are what a process holds most of.
    private readonly ReadOnlyMemory<byte> _value;
    private UInt128 _offset;
    private int _partition;
    private readonly int _target;
    private readonly bool _hasValue;
    private bool _hasPosition;
    private readonly bool _hasTarget;
    private long _sizeBytes;

    /// <summary>A record to send.</summary>
    /// <param name="key">Decides the partition and the order; empty means any partition and no order.</param>
    /// <param name="value">The payload. Null is a tombstone and stays different from empty.</param>
    /// <param name="headers">Ordered headers; null means none.</param>
    /// <param name="timestampUs">Microseconds since the Unix epoch, UTC; 0 lets the provider take its own time.</param>
    public StreamRecord(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte>? value, StreamHeaders? headers = null, long timestampUs = 0)
        : this(key, value, headers, timestampUs, position: null)
    {
    }

    /// <summary>A record to send, its value in an array. Null is a tombstone: without this overload a null array would silently become an empty value.</summary>
    /// <param name="key">Decides the partition and the order; empty means any partition and no order.</param>
    /// <param name="value">The payload. Null is a tombstone and stays different from empty.</param>
    /// <param name="headers">Ordered headers; null means none.</param>
    /// <param name="timestampUs">Microseconds since the Unix epoch, UTC; 0 lets the provider take its own time.</param>
    [OverloadResolutionPriority(1)]
    public StreamRecord(ReadOnlyMemory<byte> key, byte[]? value, StreamHeaders? headers = null, long timestampUs = 0)
        : this(key, Wrap(value), headers, timestampUs, position: null)
    {
    }

    /// <summary>A record as read, its value in an array; called by providers. Null is a tombstone.</summary>
    /// <param name="key">The key; empty when there is none.</param>
    /// <param name="value">The payload, or null for a tombstone.</param>
    /// <param name="headers">Ordered headers; null means none.</param>
    /// <param name="timestampUs">Microseconds since the Unix epoch, UTC.</param>
    /// <param name="position">Where the record lies.</param>
    [OverloadResolutionPriority(1)]
    public StreamRecord(ReadOnlyMemory<byte> key, byte[]? value, StreamHeaders? headers, long timestampUs, StreamPosition? position)
        : this(key, Wrap(value), headers, timestampUs, position)
    {
    }

    /// <summary>A record as read; called by providers.</summary>
    /// <param name="key">The key; empty when there is none.</param>
    /// <param name="value">The payload, or null for a tombstone.</param>
    /// <param name="headers">Ordered headers; null means none.</param>
    /// <param name="timestampUs">Microseconds since the Unix epoch, UTC.</param>
    /// <param name="position">Where the record lies.</param>
    public StreamRecord(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte>? value, StreamHeaders? headers, long timestampUs, StreamPosition? position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(timestampUs);
        Key = key;
        _value = value.GetValueOrDefault();
        _hasValue = value.HasValue;
        Headers = headers ?? StreamHeaders.Empty;
        TimestampUs = timestampUs;
        _partition = position.GetValueOrDefault().Partition;
        _offset = position.GetValueOrDefault().Offset;
        _hasPosition = position.HasValue;
    }

    /// <summary>Records of one key go to one partition and keep their order. Empty: none.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>The payload, or null for a tombstone.</summary>
    public ReadOnlyMemory<byte>? Value => _hasValue ? _value : (ReadOnlyMemory<byte>?)null;

    /// <summary>Ordered headers.</summary>
    public StreamHeaders Headers { get; }

    /// <summary>Microseconds since the Unix epoch, UTC. 0 before sending means "the provider's time". Providers may store it coarser and say so
    /// (<see cref="ProviderCapabilities.TimestampResolutionUs"/>).</summary>
    public long TimestampUs { get; }

    /// <summary>Where the record lies; null until it was read from a log.</summary>
    public StreamPosition? Position => _hasPosition ? new StreamPosition(_partition, _offset) : null;

    /// <summary>The partition to send to, or null to let the key decide. For relays and replays that must keep the original's partition.</summary>
    public int? TargetPartition
    {
        get => _hasTarget ? _target : null;
        init => (_target, _hasTarget) = (value.GetValueOrDefault(), value.HasValue);
    }

    /// <summary>Bytes of key, value and headers together: what size limits are measured against.</summary>
    public long SizeBytes => _sizeBytes != 0 ? _sizeBytes : _sizeBytes = Measure();

    /// <summary>Whether nobody ever writes again to the memory behind key, value and headers, so that a store may keep it instead of a copy.</summary>
    internal bool OwnsMemory { get; init; }

    /// <summary>Whether its sender forgets it with the hand-over, so that it may become the stored record instead of being copied. Implies <see cref="OwnsMemory"/>.</summary>
    internal bool IsGivenAway { get; init; }

    /// <summary>
    /// The record as a log in memory keeps it: with bytes of its own, or with these if nobody else writes to them, or this very one when it was given away. That
    /// happens once; a second time, as when somebody sends it twice, it is copied. Not for concurrent use.
    /// </summary>
    internal StreamRecord AsStored(StreamPosition position, long timestampUs)
    {
        if (IsGivenAway && !_hasPosition && !_hasTarget && timestampUs == TimestampUs)
        {
            (_partition, _offset, _hasPosition) = (position.Partition, position.Offset, true);
            return this;
        }

        var stored = OwnsMemory ? new StreamRecord(Key, Value, Headers, timestampUs, position) : RecordCopy.Make(this, position, timestampUs);
        stored._sizeBytes = SizeBytes;
        return stored;
    }

    private long Measure()
    {
        long size = Key.Length + _value.Length;
        foreach (var header in Headers.AsSpan())
        {
            size += System.Text.Encoding.UTF8.GetByteCount(header.Name) + header.Value.Length;
        }

        return size;
    }

    // Written out, because a bare null in a conditional expression converts to an empty memory, not to null.
    private static ReadOnlyMemory<byte>? Wrap(byte[]? value)
    {
        if (value is null)
        {
            return null;
        }

        return new ReadOnlyMemory<byte>(value);
    }
}
