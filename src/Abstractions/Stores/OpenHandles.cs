namespace DashStream.Stores;

/// <summary>The producers and consumers that a provider opened and nobody stopped yet. Safe for concurrent use.</summary>
internal sealed class OpenHandles
{
    private readonly Lock _gate = new();
    private readonly HashSet<IAsyncDisposable> _handles = [];
    private bool _closed;

    /// <summary>Whether <see cref="Close"/> was called.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _closed;
            }
        }
    }

    /// <summary>Adds a handle; false when it is too late.</summary>
    public bool TryAdd(IAsyncDisposable handle)
    {
        lock (_gate)
        {
            return !_closed && _handles.Add(handle);
        }
    }

    /// <summary>Forgets a handle that was stopped.</summary>
    public void Remove(IAsyncDisposable handle)
    {
        lock (_gate)
        {
            _handles.Remove(handle);
        }
    }

    /// <summary>Takes no more, and hands over those that are still open.</summary>
    public IReadOnlyList<IAsyncDisposable> Close()
    {
        lock (_gate)
        {
            _closed = true;
            return [.. _handles];
        }
    }
}
