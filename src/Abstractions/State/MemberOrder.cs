namespace DashStream.State;

/// <summary>Puts an object's members in the order of their keys' UTF-8 bytes; of equal keys the last one counts.</summary>
internal static class MemberOrder
{
    private const int InsertionLimit = 16;

    public static bool IsStrict(JsonIndex index, ReadOnlySpan<int> members)
    {
        var tokens = index.Tokens.Span;
        for (var i = 1; i < members.Length; i++)
        {
            if (index.Key(tokens[members[i - 1]]).SequenceCompareTo(index.Key(tokens[members[i]])) >= 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Sorts in place and returns how many members remain.</summary>
    public static int Sort(JsonIndex index, Span<int> members)
    {
        if (members.Length > InsertionLimit)
        {
            SortMany(index, members);
        }
        else
        {
            Insert(index, members);
        }

        var kept = 0;
        for (var i = 1; i < members.Length; i++)
        {
            kept += KeysEqual(index, members[kept], members[i]) ? 0 : 1;
            members[kept] = members[i];
        }

        return kept + 1;
    }

    // Apart from the others, because a lambda costs its memory where its method begins.
    private static void SortMany(JsonIndex index, Span<int> members) => members.Sort((left, right) => Compare(index, left, right));

    private static void Insert(JsonIndex index, Span<int> members)
    {
        for (var i = 1; i < members.Length; i++)
        {
            var member = members[i];
            var place = i;
            for (; place > 0 && Compare(index, members[place - 1], member) > 0; place--)
            {
                members[place] = members[place - 1];
            }

            members[place] = member;
        }
    }

    private static int Compare(JsonIndex index, int left, int right)
    {
        var order = index.Key(index.Tokens[left]).SequenceCompareTo(index.Key(index.Tokens[right]));
        return order != 0 ? order : left.CompareTo(right);
    }

    private static bool KeysEqual(JsonIndex index, int left, int right) =>
        index.Key(index.Tokens[left]).SequenceEqual(index.Key(index.Tokens[right]));
}
