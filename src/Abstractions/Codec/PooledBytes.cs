using System.Buffers;

namespace DashStream;

/// <summary>Bytes rented from the shared pool until disposed. Not to be copied.</summary>
internal readonly ref struct PooledBytes : IDisposable
{
    private readonly byte[] _array;
    private readonly int _length;

    public PooledBytes(int length)
    {
        _array = ArrayPool<byte>.Shared.Rent(length);
        _length = length;
    }

    public Span<byte> Span => _array.AsSpan(0, _length);

    public void Dispose() => ArrayPool<byte>.Shared.Return(_array);
}
