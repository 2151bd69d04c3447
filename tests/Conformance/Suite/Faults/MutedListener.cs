namespace DashStream.Conformance;

/// <summary>Passes calls on until it is muted: what a torn member is told afterwards reaches nobody.</summary>
internal sealed class MutedListener(IAssignmentListener? outer) : IAssignmentListener, IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SortedSet<int> _told = [];
    private bool _muted;

    /// <summary>From now on nothing is passed on; a call under way ends first. Returns the partitions that were told to be ours.</summary>
    public async Task<IReadOnlyList<int>> MuteAsync()
    {
        await _gate.WaitAsync();
        _muted = true;
        _gate.Release();
        return [.. _told];
    }

    public ValueTask OnAssignedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => PassOnAsync(partitions, listener =>
    {
        _told.UnionWith(partitions);
        return listener.OnAssignedAsync(partitions, cancellationToken);
    });

    public ValueTask OnRevokedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => PassOnAsync(partitions, listener =>
    {
        _told.ExceptWith(partitions);
        return listener.OnRevokedAsync(partitions, cancellationToken);
    });

    public ValueTask OnLostAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => PassOnAsync(partitions, listener =>
    {
        _told.ExceptWith(partitions);
        return listener.OnLostAsync(partitions, cancellationToken);
    });

    public void Dispose() => _gate.Dispose();

    private async ValueTask PassOnAsync(IReadOnlyList<int> partitions, Func<IAssignmentListener, ValueTask> call)
    {
        await _gate.WaitAsync();
        try
        {
            if (!_muted && outer is not null && partitions.Count > 0)
            {
                await call(outer);
            }
        }
        finally
        {
            _gate.Release();
        }
    }
}
