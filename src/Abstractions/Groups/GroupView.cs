using DashStream.Stores;

namespace DashStream.Groups;

/// <summary>A group as it was read or written just now.</summary>
/// <param name="Version">The store's version of it.</param>
/// <param name="Document">Who is in and who owns what.</param>
/// <param name="Commits">The commit rows.</param>
/// <param name="NowUs">The store's time.</param>
/// <param name="AskedAt">Our own monotonic time before the store was asked.</param>
internal sealed record GroupView(long Version, GroupDocument Document, IReadOnlyList<PartitionCommit> Commits, long NowUs, long AskedAt)
{
    public UInt128? CommittedIn(int partition)
    {
        foreach (var row in Commits)
        {
            if (row.Partition == partition)
            {
                return row.Committed;
            }
        }

        return null;
    }

    /// <summary>The committed positions of these partitions, where there is one.</summary>
    public IReadOnlyList<StreamPosition> CommitsOf(IEnumerable<int> partitions) =>
        [.. from partition in partitions
            let committed = CommittedIn(partition)
            where committed is not null
            select new StreamPosition(partition, committed.Value)];
}
