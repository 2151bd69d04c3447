namespace DashStream.State;

/// <summary>
/// Which elements of two arrays are the same ones. Equal elements at both ends are taken off first; in what remains the n-th occurrence of
/// a value is paired with its n-th occurrence on the other side, and the longest run of pairs in order is kept: n log n at most.
/// </summary>
internal sealed class ArrayAlignment : IDisposable
{
    private const int NoPartner = -1;

    private readonly PooledList<int> _partners;

    public ArrayAlignment(JsonIndex before, in JsonToken old, JsonIndex after, in JsonToken @new)
    {
        var oldChildren = before.ChildrenOf(old);
        var newChildren = after.ChildrenOf(@new);
        var shorter = Math.Min(oldChildren.Length, newChildren.Length);
        while (Prefix < shorter && JsonEquality.AreEqual(before, oldChildren[Prefix], after, newChildren[Prefix]))
        {
            Prefix++;
        }

        while (Suffix < shorter - Prefix && JsonEquality.AreEqual(before, oldChildren[^(Suffix + 1)], after, newChildren[^(Suffix + 1)]))
        {
            Suffix++;
        }

        IsShifted = Suffix > 0 && oldChildren.Length != newChildren.Length;
        var oldMiddle = oldChildren[Prefix..^Suffix];
        var newMiddle = newChildren[Prefix..^Suffix];
        _partners = new PooledList<int>(Math.Max(1, newMiddle.Length));
        _partners.Append(newMiddle.Length).Fill(NoPartner);
        if (oldMiddle.Length > 0 && newMiddle.Length > 0)
        {
            Pair(before, oldMiddle, after, newMiddle);
        }
    }

    /// <summary>How many equal elements both begin with.</summary>
    public int Prefix { get; private set; }

    /// <summary>How many equal elements both end with.</summary>
    public int Suffix { get; private set; }

    /// <summary>For each new element between the ends, the index of the same old element, or -1. The indexes ascend.</summary>
    public ReadOnlySpan<int> Partners => _partners.Span;

    /// <summary>True when some element stands at another index than before.</summary>
    public bool IsShifted { get; private set; }

    public void Dispose() => _partners.Dispose();

    private void Pair(JsonIndex before, ReadOnlySpan<int> old, JsonIndex after, ReadOnlySpan<int> @new)
    {
        using var oldOrder = new OrderedFingerprints(before, old);
        using var newOrder = new OrderedFingerprints(after, @new);
        var any = false;
        for (int i = 0, j = 0; i < old.Length && j < @new.Length;)
        {
            var order = oldOrder[i].CompareTo(newOrder[j]);
            if (order == 0)
            {
                var (oldElement, newElement) = (oldOrder.Element(i), newOrder.Element(j));
                if (JsonEquality.AreEqual(before, old[oldElement], after, @new[newElement]))
                {
                    _partners[newElement] = Prefix + oldElement;
                    any = true;
                }
            }

            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }

        if (any)
        {
            KeepLongestAscent();
        }
    }

    private void KeepLongestAscent()
    {
        // ends[n] is the place whose partner is the smallest that an ascent of n + 1 pairs can end with.
        using var ends = new PooledList<int>(_partners.Count);
        using var previous = new PooledList<int>(_partners.Count);
        for (var place = 0; place < _partners.Count; place++)
        {
            previous.Add(NoPartner);
            if (_partners[place] == NoPartner)
            {
                continue;
            }

            var length = FirstNotBelow(ends, _partners[place]);
            previous[place] = length > 0 ? ends[length - 1] : NoPartner;
            if (length == ends.Count)
            {
                ends.Add(place);
            }

            ends[length] = place;
        }

        var kept = ends[ends.Count - 1];
        for (var place = _partners.Count - 1; place >= 0; place--)
        {
            if (place != kept)
            {
                _partners[place] = NoPartner;
                continue;
            }

            IsShifted |= _partners[place] != Prefix + place;
            kept = previous[place];
        }
    }

    private int FirstNotBelow(PooledList<int> ends, int partner)
    {
        var low = 0;
        var high = ends.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = _partners[ends[middle]] < partner ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
