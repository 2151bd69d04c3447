namespace DashStream.Groups;

/// <summary>
/// Who is to own what: shares differ by at most one partition, and no more partitions move than that needs. Pure and deterministic.
/// </summary>
internal static class StickyAssignor
{
    public static void SetTargets(GroupDocument document)
    {
        var entries = document.Partitions;
        var shares = document.Members.ToDictionary(member => member.Number, static member => new Share(member.Number));
        var free = Claim(entries, shares);
        if (shares.Count == 0)
        {
            free.ForEach(partition => entries[partition].Target = 0);
            return;
        }

        SetQuotas([.. shares.Values], entries.Length);
        foreach (var share in shares.Values)
        {
            free.AddRange(share.TakeSurplus(entries));
        }

        free.Sort();
        HandOut(entries, shares, free);
    }

    // What is on its way to a living member stays promised to it; what nobody living claims is free.
    private static List<int> Claim(PartitionEntry[] entries, Dictionary<int, Share> shares)
    {
        var free = new List<int>();
        for (var partition = 0; partition < entries.Length; partition++)
        {
            ref var entry = ref entries[partition];
            if (shares.TryGetValue(entry.Target, out var share) || shares.TryGetValue(entry.Owner, out share))
            {
                entry.Target = share.Member;
                share.Partitions.Add(partition);
            }
            else
            {
                free.Add(partition);
            }
        }

        return free;
    }

    // The larger shares go to those who have most already: that moves least.
    private static void SetQuotas(List<Share> shares, int partitions)
    {
        var (quota, extra) = Math.DivRem(partitions, shares.Count);
        shares.Sort(static (a, b) => a.Partitions.Count == b.Partitions.Count ? a.Member.CompareTo(b.Member) : b.Partitions.Count.CompareTo(a.Partitions.Count));
        for (var rank = 0; rank < shares.Count; rank++)
        {
            shares[rank].Quota = rank < extra ? quota + 1 : quota;
        }
    }

    private static void HandOut(PartitionEntry[] entries, Dictionary<int, Share> shares, List<int> free)
    {
        var takers = new Queue<Share>(shares.Values.OrderBy(static share => share.Member));
        foreach (var partition in free)
        {
            ref var entry = ref entries[partition];
            if (!shares.TryGetValue(entry.Owner, out var taker) || taker.Room == 0)
            {
                taker = NextWithRoom(takers);
            }

            entry.Target = taker.Member;
            taker.Partitions.Add(partition);
        }
    }

    private static Share NextWithRoom(Queue<Share> takers)
    {
        while (takers.Peek().Room == 0)
        {
            takers.Dequeue();
        }

        var taker = takers.Dequeue();
        takers.Enqueue(taker);
        return taker;
    }

    private sealed class Share(int member)
    {
        public int Member { get; } = member;

        public int Quota { get; set; }

        public List<int> Partitions { get; } = [];

        public int Room => Quota - Partitions.Count;

        // What the member does not own yet goes first: it has to move anyway.
        public List<int> TakeSurplus(PartitionEntry[] entries)
        {
            var surplus = Partitions
                .OrderBy(partition => entries[partition].Owner == Member)
                .ThenByDescending(static partition => partition)
                .Take(Math.Max(0, -Room))
                .ToList();
            Partitions.RemoveAll(surplus.Contains);
            return surplus;
        }
    }
}
