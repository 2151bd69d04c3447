using System.Collections;
using System.Runtime.CompilerServices;

namespace DashStream;

/// <summary>The ordered headers of a record. Immutable and safe to share between threads.</summary>
[CollectionBuilder(typeof(StreamHeaders), nameof(Create))]
public sealed class StreamHeaders : IReadOnlyList<StreamHeader>
{
    private readonly StreamHeader[] _items;

    private StreamHeaders(StreamHeader[] items) => _items = items;

    /// <summary>No headers.</summary>
    public static StreamHeaders Empty { get; } = new([]);

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public StreamHeader this[int index] => _items[index];

    /// <summary>Makes a header set from the given headers, in order.</summary>
    public static StreamHeaders Create(ReadOnlySpan<StreamHeader> items) => items.IsEmpty ? Empty : new StreamHeaders(items.ToArray());

    /// <summary>The same headers and one more at the end.</summary>
    public StreamHeaders Add(StreamHeader header) => new([.. _items, header]);

    /// <summary>Finds the last header of that name, ignoring case: a later one overrides an earlier one.</summary>
    public bool TryGet(string name, out StreamHeader header)
    {
        for (var i = _items.Length - 1; i >= 0; i--)
        {
            if (string.Equals(_items[i].Name, name, StringComparison.OrdinalIgnoreCase))
            {
                header = _items[i];
                return true;
            }
        }

        header = default;
        return false;
    }

    /// <summary>The headers as a span, for providers that write them out.</summary>
    public ReadOnlySpan<StreamHeader> AsSpan() => _items;

    /// <inheritdoc/>
    public IEnumerator<StreamHeader> GetEnumerator() => ((IEnumerable<StreamHeader>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();
}
