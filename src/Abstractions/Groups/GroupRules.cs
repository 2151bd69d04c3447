namespace DashStream.Groups;

/// <summary>
/// How a group changes. Every rule keeps this: a partition has at most one owner; its fence changes in the same step as its owner; while there are members it
/// has an owner and a target; a partition leaves a living owner only by <see cref="Release"/>. Pure: no clock, no store.
/// </summary>
internal static class GroupRules
{
    /// <summary>A member comes in. It owns at once what nobody owned, and is the target of its share of the rest.</summary>
    public static MemberEntry Join(GroupDocument document, string id, long timeoutUs, long nowUs)
    {
        var member = new MemberEntry { Number = ++document.LastMember, Id = id, TimeoutUs = timeoutUs, BeatUs = nowUs };
        document.Members.Add(member);
        Rebalance(document);
        return member;
    }

    /// <summary>A member lives.</summary>
    public static void Beat(MemberEntry member, long nowUs)
    {
        member.Beat++;
        member.BeatUs = nowUs;
    }

    /// <summary>Members leave or have died: others own their partitions at once, under new fences.</summary>
    public static void Remove(GroupDocument document, IReadOnlyCollection<int> numbers)
    {
        if (document.Members.RemoveAll(member => numbers.Contains(member.Number)) > 0)
        {
            Rebalance(document);
        }
    }

    /// <summary>An owner has revoked these partitions: they go to their targets. One that is to be the owner's after all gets a new fence.</summary>
    public static void Release(GroupDocument document, int number, IEnumerable<int> partitions)
    {
        foreach (var partition in partitions)
        {
            ref var entry = ref document.Partitions[partition];
            if (entry.Owner == number)
            {
                SetOwner(document, ref entry, entry.Target);
            }
        }

        document.Generation++;
    }

    private static void Rebalance(GroupDocument document)
    {
        StickyAssignor.SetTargets(document);
        foreach (ref var entry in document.Partitions.AsSpan())
        {
            if (entry.Owner == 0 ? entry.Target != 0 : document.Find(entry.Owner) is null)
            {
                SetOwner(document, ref entry, entry.Target);
            }
        }

        document.Generation++;
    }

    private static void SetOwner(GroupDocument document, ref PartitionEntry entry, int owner)
    {
        entry.Owner = owner;
        entry.Fence = ++document.LastFence;
    }
}
