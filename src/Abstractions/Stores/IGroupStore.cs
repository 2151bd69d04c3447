namespace DashStream.Stores;

/// <summary>
/// The atomic primitive under group coordination. The rules (who gets which partition, when a member is dead) live once in <c>Groups/</c>; a store only keeps
/// one small document and one commit row a partition for each (topic, group), and changes them atomically. Safe for concurrent use, across processes too
/// where the provider claims <see cref="ProviderCapabilities.MultiProcess"/>.
/// </summary>
public interface IGroupStore
{
    /// <summary>The state now; an unknown group reads as version 0 with nothing in it.</summary>
    ValueTask<GroupState> ReadAsync(string topic, string group, CancellationToken cancellationToken);

    /// <summary>
    /// In one atomic step: if the stored version is <paramref name="expectedVersion"/>, stores the document, sets the given fences, and makes the version one
    /// higher. False, changing nothing, when somebody else was first. Makes the group when the expected version is 0.
    /// </summary>
    ValueTask<bool> TryReplaceAsync(string topic, string group, long expectedVersion, ReadOnlyMemory<byte> document,
        IReadOnlyList<PartitionFence> fences, CancellationToken cancellationToken);

    /// <summary>
    /// In one atomic step: for each commit whose fence equals the stored fence of its partition, raises the committed offset to it (never lowers it). The
    /// result says for each whether its fence held. Does not change the version.
    /// </summary>
    ValueTask<IReadOnlyList<bool>> CommitAsync(string topic, string group, IReadOnlyList<FencedCommit> commits, CancellationToken cancellationToken);

    /// <summary>
    /// If the stored version is <paramref name="expectedVersion"/>, sets committed offsets, up or down or to none, whatever the fences. For resets and
    /// imports; raises the version. False when somebody else was first.
    /// </summary>
    ValueTask<bool> TryResetAsync(string topic, string group, long expectedVersion, IReadOnlyList<PartitionReset> resets,
        CancellationToken cancellationToken);

    /// <summary>Returns soon after the version differs from <paramref name="version"/>, or after <paramref name="atMost"/>. May return early without cause.</summary>
    ValueTask WaitForChangeAsync(string topic, string group, long version, TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>
    /// Told after each read of a member, for stores that show people who holds what. Keeps nobody waiting and never throws; what is lost of it changes no promise. By default
    /// nothing is done.
    /// </summary>
    /// <param name="topic">The topic.</param>
    /// <param name="group">The group.</param>
    /// <param name="member">The member's name in the group.</param>
    /// <param name="records">What was delivered; those of one partition lie together, in order.</param>
    /// <param name="fenceOf">The member's token for a partition, 0 when it lost it.</param>
    void NoteDelivered(string topic, string group, string member, IReadOnlyList<StreamRecord> records, Func<int, long> fenceOf)
    {
    }

    /// <summary>All groups, of one topic or of all.</summary>
    ValueTask<IReadOnlyList<(string Topic, string Group)>> ListAsync(string? topic, CancellationToken cancellationToken);

    /// <summary>Removes the group if its version is <paramref name="expectedVersion"/>; false when somebody changed it or there was none.</summary>
    ValueTask<bool> TryDeleteAsync(string topic, string group, long expectedVersion, CancellationToken cancellationToken);
}

/// <summary>A group's stored state.</summary>
/// <param name="Version">Grows with every replacement; 0 when the group does not exist.</param>
/// <param name="Document">The coordination document, opaque to the store; empty when never written.</param>
/// <param name="Partitions">The rows that exist, in any order.</param>
/// <param name="NowUs">The store's own clock, microseconds since the Unix epoch: the server's where there is one.</param>
public sealed record GroupState(long Version, ReadOnlyMemory<byte> Document, IReadOnlyList<PartitionCommit> Partitions, long NowUs);

/// <summary>A partition's row.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Fence">The owner's token; a commit must carry it.</param>
/// <param name="Committed">Last position that is done, or null.</param>
public readonly record struct PartitionCommit(int Partition, long Fence, UInt128? Committed);

/// <summary>A new owner's token for a partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Fence">The token: higher than any before.</param>
public readonly record struct PartitionFence(int Partition, long Fence);

/// <summary>A commit under a token.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Fence">The token that the member holds.</param>
/// <param name="Offset">Everything up to and including it is done.</param>
public readonly record struct FencedCommit(int Partition, long Fence, UInt128 Offset);

/// <summary>A reset of a partition's commit.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Committed">The last position that counts as done, or null for none.</param>
public readonly record struct PartitionReset(int Partition, UInt128? Committed);
