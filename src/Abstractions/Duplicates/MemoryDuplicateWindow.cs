using DashStream.Sequencing;

namespace DashStream.Duplicates;

/// <summary>Remembers ids in memory: for as long as the consumer lives. Thread-safe.</summary>
internal sealed class MemoryDuplicateWindow(int capacity) : IDuplicateWindow
{
    private readonly Lock _gate = new();

    // Two generations, of which one may have just gone: so twice the room for what must be remembered.
    private readonly RecentMap<bool> _ids = new(2 * capacity);

    public ValueTask<bool> ContainsAsync(UInt128 id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return new(_ids.Contains(id));
        }
    }

    public ValueTask AddAsync(UInt128 id, CancellationToken cancellationToken = default)
    {
        Add(id);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal void Add(UInt128 id)
    {
        lock (_gate)
        {
            _ids.GetOrAdd(id, out _) = true;
        }
    }
}
