namespace DashStream.Stores;

/// <summary>
/// Stands between the group and the application's listener: finds out where reading begins before the application hears of a partition, and lets reads end
/// with it before the application is told that it goes.
/// </summary>
internal sealed class AssignmentRelay(CursorTable cursors, CursorStarts starts, IAssignmentListener? listener) : IAssignmentListener
{
    public async ValueTask OnAssignedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        cursors.Add(await starts.FindAsync(partitions, cancellationToken).ConfigureAwait(false));
        if (listener is not null)
        {
            await listener.OnAssignedAsync(partitions, cancellationToken).ConfigureAwait(false);
        }

        cursors.Activate(partitions);
    }

    public async ValueTask OnRevokedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        cursors.Deactivate(partitions);
        if (listener is not null)
        {
            await listener.OnRevokedAsync(partitions, cancellationToken).ConfigureAwait(false);
        }

        cursors.Remove(partitions);
    }

    public async ValueTask OnLostAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        // A session may end before the application was told about a partition at all.
        var known = cursors.Remove(partitions);
        if (listener is not null && known.Count > 0)
        {
            await listener.OnLostAsync(known, cancellationToken).ConfigureAwait(false);
        }
    }
}
