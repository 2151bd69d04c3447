using System.Text;

namespace DashStream.State;

/// <summary>Equality as <c>test</c> means it: by content, member order apart; 1 and 1.0 differ, 0.0 and -0.0 do not.</summary>
internal static class StateSlotEquality
{
    public static bool AreEqual(in StateSlot found, in StateSlot asked)
    {
        if (found.Kind != asked.Kind)
        {
            return false;
        }

        return found.Kind switch
        {
            JsonKind.Array => ArraysAreEqual(found, asked),
            JsonKind.Object => ObjectsAreEqual(found, asked),
            _ => ScalarsAreEqual(found.Document.Canonical(found.Value), asked.Document.Canonical(asked.Value)),
        };
    }

    private static bool ScalarsAreEqual(ReadOnlySpan<byte> found, ReadOnlySpan<byte> asked) =>
        found.SequenceEqual(asked) || (IsZero(found) && IsZero(asked));

    private static bool IsZero(ReadOnlySpan<byte> number) => number.SequenceEqual("0.0"u8) || number.SequenceEqual("-0.0"u8);

    private static bool ArraysAreEqual(in StateSlot found, in StateSlot asked)
    {
        var count = found.Container?.Count ?? found.Value.Count;
        if (count != asked.Value.Count)
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            var element = found.Container?.At(i) ?? new StateSlot(found.Document, found.Document.ChildrenOf(found.Value)[i]);
            if (!AreEqual(element, new StateSlot(asked.Document, asked.Document.ChildrenOf(asked.Value)[i])))
            {
                return false;
            }
        }

        return true;
    }

    private static bool ObjectsAreEqual(in StateSlot found, in StateSlot asked)
    {
        if ((found.Container?.Count ?? found.Value.Count) != asked.Value.Count)
        {
            return false;
        }

        foreach (var child in asked.Document.ChildrenOf(asked.Value))
        {
            if (Member(found, asked.Document, child) is not { } member || !AreEqual(member, new StateSlot(asked.Document, child)))
            {
                return false;
            }
        }

        return true;
    }

    private static StateSlot? Member(in StateSlot found, JsonIndex asked, int child)
    {
        var key = asked.Key(asked.Tokens[child]);
        if (found.Container is null)
        {
            var member = found.Document.FindMember(found.Value, key);
            return member < 0 ? null : new StateSlot(found.Document, member);
        }

        var place = found.Container.Find(Encoding.UTF8.GetString(key));
        return place < 0 ? null : found.Container.At(place);
    }
}
