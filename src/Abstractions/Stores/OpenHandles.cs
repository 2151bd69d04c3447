namespace DashStream.Stores;

/// <summary>
/// The producers and consumers that a provider opened and that may still be in use. Holds them weakly, so one that its user forgot costs nothing; one that is
/// at work (sends pending, a membership) is held by that work. Safe for concurrent use.
/// </summary>
internal sealed class OpenHandles
{
    private const int FirstSweep = 64;

    private readonly Lock _gate = new();
    private List<WeakReference<IAsyncDisposable>> _handles = [];
    private int _sweepAt = FirstSweep;
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
            if (_closed)
            {
                return false;
            }

            if (_handles.Count >= _sweepAt)
            {
                _handles.RemoveAll(static weak => !weak.TryGetTarget(out _));
                _sweepAt = Math.Max(FirstSweep, _handles.Count * 2);
            }

            _handles.Add(new WeakReference<IAsyncDisposable>(handle));
            return true;
        }
    }

    /// <summary>Takes no more, and hands over those that are still in use.</summary>
    public IReadOnlyList<IAsyncDisposable> Close()
    {
        lock (_gate)
        {
            _closed = true;
            var open = new List<IAsyncDisposable>();
            foreach (var weak in _handles)
            {
                if (weak.TryGetTarget(out var handle))
                {
                    open.Add(handle);
                }
            }

            _handles = [];
            return open;
        }
    }
}
