namespace DashStream.State;

/// <summary>Whether two values have the same canonical text.</summary>
internal static class JsonEquality
{
    public static bool AreEqual(JsonIndex leftIndex, int left, JsonIndex rightIndex, int right)
    {
        ref var a = ref leftIndex.Tokens[left];
        ref var b = ref rightIndex.Tokens[right];
        if (a.Kind != b.Kind || a.Size != b.Size)
        {
            return false;
        }

        if (a.Length == b.Length && leftIndex.Written(a).SequenceEqual(rightIndex.Written(b)))
        {
            return true;
        }

        if (a.IsCanonical && b.IsCanonical)
        {
            return false;
        }

        return Fingerprint.Of(leftIndex, left) == Fingerprint.Of(rightIndex, right) && HaveSameContent(leftIndex, a, rightIndex, b);
    }

    private static bool HaveSameContent(JsonIndex leftIndex, in JsonToken a, JsonIndex rightIndex, in JsonToken b)
    {
        if (a.Kind is not (JsonKind.Array or JsonKind.Object))
        {
            return leftIndex.Canonical(a).SequenceEqual(rightIndex.Canonical(b));
        }

        if (a.Count != b.Count)
        {
            return false;
        }

        var left = leftIndex.ChildrenOf(a);
        var right = rightIndex.ChildrenOf(b);
        for (var i = 0; i < left.Length; i++)
        {
            var keysDiffer = a.Kind == JsonKind.Object
                && !leftIndex.Key(leftIndex.Tokens[left[i]]).SequenceEqual(rightIndex.Key(rightIndex.Tokens[right[i]]));
            if (keysDiffer || !AreEqual(leftIndex, left[i], rightIndex, right[i]))
            {
                return false;
            }
        }

        return true;
    }
}
