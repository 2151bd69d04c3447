namespace DashStream.State;

/// <summary>
/// Walks two documents side by side and writes the operations that lead from one to the other. Every method returns what the original's
/// patch for the same part would take: elements by index, members one by one.
/// </summary>
internal sealed class StateComparison(JsonIndex before, JsonIndex after, PatchWriter patch)
{
    private bool _byIndexOnly;

    public long Compare(int old, int @new)
    {
        if (JsonEquality.AreEqual(before, old, after, @new))
        {
            return 0;
        }

        var kind = before.Tokens[old].Kind;
        if (kind != after.Tokens[@new].Kind || kind is not (JsonKind.Object or JsonKind.Array))
        {
            return patch.Put(StateOperationKind.Replace, @new);
        }

        var start = patch.Here;
        var original = kind == JsonKind.Object ? CompareObjects(before.Tokens[old], after.Tokens[@new]) : CompareArrays(before.Tokens[old], after.Tokens[@new]);
        if (patch.Here.Text - start.Text > patch.WrittenSizeOf(StateOperationKind.Replace, @new))
        {
            patch.Rewind(start);
            patch.Put(StateOperationKind.Replace, @new);
        }

        return original;
    }

    private long CompareObjects(JsonToken old, JsonToken @new)
    {
        var original = 0L;
        foreach (var child in after.ChildrenOf(@new))
        {
            var key = after.Key(after.Tokens[child]);
            var back = patch.Enter(key);
            var known = before.FindMember(old, key);
            original += known < 0 ? patch.Put(StateOperationKind.Add, child) : Compare(known, child);
            patch.Leave(back);
        }

        foreach (var child in before.ChildrenOf(old))
        {
            var key = before.Key(before.Tokens[child]);
            if (after.FindMember(@new, key) < 0)
            {
                var back = patch.Enter(key);
                original += patch.Remove();
                patch.Leave(back);
            }
        }

        return original;
    }

    private long CompareArrays(JsonToken old, JsonToken @new)
    {
        if (_byIndexOnly)
        {
            return CompareByIndex(old, @new);
        }

        using var alignment = new ArrayAlignment(before, old, after, @new);
        if (!alignment.IsShifted)
        {
            return CompareByIndex(old, @new);
        }

        var start = patch.Here;
        Follow(alignment, old, @new);
        var middle = patch.Here;
        _byIndexOnly = true;
        var original = CompareByIndex(old, @new);
        _byIndexOnly = false;
        patch.KeepShorter(start, middle);
        return original;
    }

    private long CompareByIndex(JsonToken old, JsonToken @new)
    {
        var element = 0;
        return Replace(before.ChildrenOf(old), after.ChildrenOf(@new), ref element);
    }

    private void Follow(ArrayAlignment alignment, JsonToken old, JsonToken @new)
    {
        var oldChildren = before.ChildrenOf(old);
        var newChildren = after.ChildrenOf(@new);
        var element = alignment.Prefix;
        var oldDone = alignment.Prefix;
        var newDone = alignment.Prefix;
        for (var i = 0; i < alignment.Partners.Length; i++)
        {
            var partner = alignment.Partners[i];
            if (partner >= 0)
            {
                Replace(oldChildren[oldDone..partner], newChildren[newDone..(alignment.Prefix + i)], ref element);
                element++;
                oldDone = partner + 1;
                newDone = alignment.Prefix + i + 1;
            }
        }

        Replace(oldChildren[oldDone..^alignment.Suffix], newChildren[newDone..^alignment.Suffix], ref element);
    }

    /// <summary>Turns a run of elements into another: pairs in order, then what is left of either.</summary>
    private long Replace(ReadOnlySpan<int> old, ReadOnlySpan<int> @new, ref int element)
    {
        var original = 0L;
        for (var i = 0; i < Math.Max(old.Length, @new.Length); i++)
        {
            var back = patch.Enter(element);
            if (i >= @new.Length)
            {
                original += patch.Remove();
            }
            else
            {
                original += i >= old.Length ? patch.Put(StateOperationKind.Add, @new[i]) : Compare(old[i], @new[i]);
                element++;
            }

            patch.Leave(back);
        }

        return original;
    }
}
