namespace DashStream;

/// <summary>
/// Hears which partitions a group member gains and gives up. Calls come one at a time, are awaited, and may run while a read is under way; no record of a
/// revoked or lost partition is returned by a read that ends after the call began. A call that outlasts the session time-out costs the member its
/// partitions. An exception ends the consumer: its next read throws it.
/// </summary>
public interface IAssignmentListener
{
    /// <summary>These partitions are now ours; reading starts after the call.</summary>
    ValueTask OnAssignedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken);

    /// <summary>These partitions are about to go to another member. Finish or abandon their work; a commit made inside still counts.</summary>
    ValueTask OnRevokedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken);

    /// <summary>These partitions are gone already (the session expired). A commit would be refused with <see cref="StreamErrorKind.Fenced"/>.</summary>
    ValueTask OnLostAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken);
}
