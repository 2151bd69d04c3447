using System.Runtime.InteropServices;
using System.Text;

namespace DashStream.State;

/// <summary>
/// An object or array of a state under change. Its values stay tokens until an operation goes through them. One that is shared by a copy
/// is never written to: who wants to write takes a shallow copy first.
/// </summary>
internal sealed class OpenContainer
{
    private readonly List<StateSlot> _values;
    private readonly List<string?> _keys = [];
    private readonly Dictionary<string, int>? _places;

    private OpenContainer(JsonKind kind, int capacity)
    {
        Kind = kind;
        _values = new List<StateSlot>(capacity);
        _places = kind == JsonKind.Object ? new Dictionary<string, int>(capacity, StringComparer.Ordinal) : null;
    }

    public JsonKind Kind { get; }

    /// <summary>Bytes of its text, a separator for every value included.</summary>
    public long Size { get; set; } = "[]".Length;

    public bool IsShared { get; set; }

    /// <summary>Elements, or members that are there.</summary>
    public int Count => _places?.Count ?? _values.Count;

    public static OpenContainer Open(JsonIndex document, in JsonToken token)
    {
        var container = new OpenContainer(token.Kind, token.Count);
        int[] children = [.. document.ChildrenOf(token)];
        if (token.Kind == JsonKind.Object)
        {
            // Members keep the order they were written in.
            Array.Sort(children);
        }

        foreach (var child in children)
        {
            var key = token.Kind == JsonKind.Object ? document.KeyText(document.Tokens[child]) : null;
            container.Append(key, new StateSlot(document, child));
        }

        return container;
    }

    /// <summary>The same values in a container of its own; opened ones among them are shared from now on.</summary>
    public OpenContainer Copy()
    {
        var copy = new OpenContainer(Kind, Count);
        for (var place = 0; place < _values.Count; place++)
        {
            if (Kind == JsonKind.Array || _keys[place] is not null)
            {
                _values[place].Container?.IsShared = true;
                copy.Append(Kind == JsonKind.Array ? null : _keys[place], _values[place]);
            }
        }

        return copy;
    }

    /// <summary>Where the step leads, or -1.</summary>
    public int Find(string step)
    {
        if (_places is not null)
        {
            return _places.TryGetValue(step, out var place) ? place : -1;
        }

        return JsonPointer.TryIndex(step, out var index) && index < _values.Count ? index : -1;
    }

    /// <summary>The value at a place; good until the container changes.</summary>
    public ref StateSlot At(int place) => ref CollectionsMarshal.AsSpan(_values)[place];

    public long Remove(int place)
    {
        var bytes = -_values[place].Size - 1;
        if (_places is null)
        {
            _values.RemoveAt(place);
            return bytes;
        }

        // The gap stays, so that the places of the others do.
        bytes -= KeySize(_keys[place]!);
        _places.Remove(_keys[place]!);
        _keys[place] = null;
        _values[place] = default;
        return bytes;
    }

    public long Replace(int place, StateSlot value)
    {
        var bytes = value.Size - _values[place].Size;
        _values[place] = value;
        return bytes;
    }

    public long Insert(int index, StateSlot value)
    {
        _values.Insert(index, value);
        return value.Size + 1;
    }

    public long Insert(string key, StateSlot value)
    {
        _places!.Add(key, _values.Count);
        _keys.Add(key);
        _values.Add(value);
        return value.Size + 1 + KeySize(key);
    }

    /// <summary>The members that are there, or the elements with null for a key.</summary>
    public IEnumerable<(string? Key, StateSlot Value)> All()
    {
        for (var place = 0; place < _values.Count; place++)
        {
            if (_places is null)
            {
                yield return (null, _values[place]);
            }
            else if (_keys[place] is { } key)
            {
                yield return (key, _values[place]);
            }
        }
    }

    private static int KeySize(string key) => CanonicalText.EscapedLength(Encoding.UTF8.GetBytes(key)) + "\"\":".Length;

    private void Append(string? key, StateSlot value) =>
        Size += key is null ? Insert(_values.Count, value) : Insert(key, value);
}
