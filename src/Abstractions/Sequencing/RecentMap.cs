using System.Runtime.InteropServices;

namespace DashStream.Sequencing;

/// <summary>
/// A bounded map that forgets what was not used for longest, roughly: two generations, of which the older goes when the younger is full. Holds at most
/// <paramref name="capacity"/> entries, and at least the last half of that. Not thread-safe.
/// </summary>
internal sealed class RecentMap<TValue>(int capacity)
{
    private readonly int _generation = Math.Max(1, capacity / 2);
    private Dictionary<UInt128, TValue> _young = [];
    private Dictionary<UInt128, TValue> _old = [];

    public int Count => _young.Count + _old.Count;

    public bool Contains(UInt128 key) => _young.ContainsKey(key) || _old.ContainsKey(key);

    /// <summary>The entry of a key, made if it is not there; it counts as used. The reference is good until the next call.</summary>
    public ref TValue? GetOrAdd(UInt128 key, out bool existed)
    {
        if (_young.Count >= _generation && !_young.ContainsKey(key))
        {
            (_old, _young) = (_young, _old);
            _young.Clear();
        }

        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_young, key, out existed);
        if (!existed && _old.Remove(key, out var before))
        {
            entry = before;
            existed = true;
        }

        return ref entry;
    }
}
