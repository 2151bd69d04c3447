namespace DashStream.Client;

/// <summary>A partition and a key, compared by their bytes.</summary>
internal readonly struct RecordKey : IEquatable<RecordKey>
{
    private readonly ReadOnlyMemory<byte> _key;
    private readonly int _partition;
    private readonly int _hash;

    public RecordKey(int partition, ReadOnlyMemory<byte> key)
    {
        _partition = partition;
        _key = key;
        var hash = new HashCode();
        hash.Add(partition);
        hash.AddBytes(key.Span);
        _hash = hash.ToHashCode();
    }

    public bool IsEmpty => _key.IsEmpty;

    public bool Equals(RecordKey other) => _hash == other._hash && _partition == other._partition && _key.Span.SequenceEqual(other._key.Span);

    public override bool Equals(object? obj) => obj is RecordKey other && Equals(other);

    public override int GetHashCode() => _hash;
}
