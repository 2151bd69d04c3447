namespace DashStream.Providers;

/// <summary>Wakes those who wait for something to change. What changed is looked up in the database: a signal only says that looking is worth while.</summary>
internal sealed class SqliteSignals
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskCompletionSource> _waiting = [];

    /// <summary>Completes at the next pulse. Take it before looking, or a change in between is missed.</summary>
    public Task Next(string key)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(key, out var source))
            {
                source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting.Add(key, source);
            }

            return source.Task;
        }
    }

    public void Pulse(string key)
    {
        lock (_gate)
        {
            if (_waiting.Remove(key, out var source))
            {
                source.TrySetResult();
            }
        }
    }

    public void PulseAll()
    {
        lock (_gate)
        {
            foreach (var source in _waiting.Values)
            {
                source.TrySetResult();
            }

            _waiting.Clear();
        }
    }
}
