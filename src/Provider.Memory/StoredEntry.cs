namespace DashStream.Providers;

/// <summary>
/// A record as a partition keeps it: its bytes behind one another in an array of many, or the record itself where it is large or has headers. Millions of small
/// objects that live long are what a garbage collector pays most for.
/// </summary>
internal readonly struct StoredEntry
{
    private const int Tombstone = -1;

    private readonly object _owner;
    private readonly int _start;
    private readonly int _keyLength;
    private readonly int _valueLength;

    private StoredEntry(object owner, int start, int keyLength, int valueLength, int size, long timestampUs)
    {
        _owner = owner;
        _start = start;
        _keyLength = keyLength;
        _valueLength = valueLength;
        Size = size;
        TimestampUs = timestampUs;
    }

    /// <summary>Bytes of key, value and headers.</summary>
    public int Size { get; }

    public long TimestampUs { get; }

    /// <summary>Keeps the record itself, which is at its position already.</summary>
    public static StoredEntry Keep(StreamRecord stored) => new(stored, start: 0, keyLength: 0, valueLength: 0, (int)stored.SizeBytes, stored.TimestampUs);

    /// <summary>Copies key and value of a record without headers.</summary>
    public static StoredEntry Copy(StreamRecord record, long timestampUs, ByteRoom room)
    {
        var value = record.Value.GetValueOrDefault();
        var size = record.Key.Length + value.Length;
        var (bytes, start) = room.Take(size);
        record.Key.Span.CopyTo(bytes.AsSpan(start));
        value.Span.CopyTo(bytes.AsSpan(start + record.Key.Length));
        return new StoredEntry(bytes, start, record.Key.Length, record.Value is null ? Tombstone : value.Length, size, timestampUs);
    }

    /// <summary>The record at that position, which is the entry's own.</summary>
    public StreamRecord ToRecord(StreamPosition position)
    {
        if (_owner is not byte[] bytes)
        {
            return (StreamRecord)_owner;
        }

        var key = new ReadOnlyMemory<byte>(bytes, _start, _keyLength);
        ReadOnlyMemory<byte>? value = null; // not in a conditional expression: there, null would become an empty memory
        if (_valueLength != Tombstone)
        {
            value = new ReadOnlyMemory<byte>(bytes, _start + _keyLength, _valueLength);
        }

        return new StreamRecord(key, value, headers: null, TimestampUs, position);
    }
}
