using System.Buffers;

namespace DashStream.State;

/// <summary>A list over an array of the shared pool. Its array goes back when disposed; not safe for concurrent use.</summary>
internal sealed class PooledList<T>(int capacity) : IDisposable
    where T : unmanaged
{
    private T[] _items = ArrayPool<T>.Shared.Rent(capacity);

    public int Count { get; private set; }

    public ref T this[int index] => ref _items[index];

    public Span<T> Span => _items.AsSpan(0, Count);

    public void Add(T item)
    {
        if (Count == _items.Length)
        {
            Grow(1);
        }

        _items[Count++] = item;
    }

    public void Add(ReadOnlySpan<T> items) => items.CopyTo(Append(items.Length));

    /// <summary>Makes the list longer and hands out the new part, whose content is undefined.</summary>
    public Span<T> Append(int count)
    {
        if (_items.Length - Count < count)
        {
            Grow(count);
        }

        Count += count;
        return _items.AsSpan(Count - count, count);
    }

    public void Truncate(int count) => Count = count;

    public void Dispose()
    {
        ArrayPool<T>.Shared.Return(_items);
        _items = [];
        Count = 0;
    }

    private void Grow(int more)
    {
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(checked(Count + more), (int)Math.Min(2L * _items.Length, Array.MaxLength)));
        Span.CopyTo(larger);
        ArrayPool<T>.Shared.Return(_items);
        _items = larger;
    }
}
