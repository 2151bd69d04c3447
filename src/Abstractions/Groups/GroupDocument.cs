namespace DashStream.Groups;

/// <summary>
/// What a group knows about itself: who is in, which partition belongs to whom and who is to get it. Kept as one small document in the store and replaced as
/// a whole; see <see cref="GroupRules"/> for how it changes. Not safe for concurrent use.
/// </summary>
internal sealed class GroupDocument
{
    private GroupDocument(int partitions) => Partitions = new PartitionEntry[partitions];

    /// <summary>Grows with every change of membership or assignment; heartbeats leave it alone.</summary>
    public long Generation { get; set; }

    /// <summary>The number given to the youngest member. Numbers are never given twice.</summary>
    public int LastMember { get; set; }

    /// <summary>The highest fence given out.</summary>
    public long LastFence { get; set; }

    public List<MemberEntry> Members { get; } = [];

    public PartitionEntry[] Partitions { get; }

    /// <summary>
    /// An empty group. Fences begin at the store's time, so that a group made again under an old name does not give out a fence that somebody still holds.
    /// </summary>
    public static GroupDocument New(int partitions, long nowUs) => new(partitions) { LastFence = Math.Max(0, nowUs) };

    public MemberEntry? Find(string id) => Members.Find(member => member.Id == id);

    public MemberEntry? Find(int number) => Members.Find(member => member.Number == number);

    public IReadOnlyList<int> OwnedBy(int number)
    {
        var owned = new List<int>();
        for (var partition = 0; partition < Partitions.Length; partition++)
        {
            if (Partitions[partition].Owner == number)
            {
                owned.Add(partition);
            }
        }

        return owned;
    }
}

/// <summary>A member: alive as long as its beat goes on.</summary>
internal sealed class MemberEntry
{
    public required int Number { get; init; }

    public required string Id { get; init; }

    public required long TimeoutUs { get; init; }

    /// <summary>Counts heartbeats: tells an observer that the member lives, whatever the clocks say.</summary>
    public long Beat { get; set; }

    /// <summary>The store's time at the last heartbeat.</summary>
    public long BeatUs { get; set; }
}

/// <summary>A partition's standing. A member is named by its number; 0 is nobody.</summary>
internal struct PartitionEntry
{
    /// <summary>Who may read and commit now.</summary>
    public int Owner;

    /// <summary>Who is to own it. Another than a living owner: the owner must revoke and release it first.</summary>
    public int Target;

    /// <summary>The owner's token; changes whenever the owner does.</summary>
    public long Fence;

    /// <summary>The group was reset to the beginning: without a commit, reading begins at the oldest record, whatever the consumer's own start is.</summary>
    public bool FromBeginning;
}
