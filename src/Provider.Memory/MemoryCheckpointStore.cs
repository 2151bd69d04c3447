using System.Collections.Concurrent;
using DashStream.State;

namespace DashStream.Providers;

/// <summary>Keeps checkpoints in the memory of this process. Safe for concurrent use; unbounded but for what <see cref="StateCheckpoints"/> removes.</summary>
public sealed class MemoryCheckpointStore : ICheckpointStore
{
    private readonly ConcurrentDictionary<(string Tenant, string Thread), ConcurrentDictionary<CheckpointName, byte[]>> _threads = new();

    /// <inheritdoc/>
    public ValueTask SaveAsync(CheckpointName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _threads.GetOrAdd((name.TenantId, name.ThreadId), _ => new())[name] = content.ToArray();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> LoadAsync(CheckpointName name, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ReadOnlyMemory<byte>? found = null;
        if (_threads.TryGetValue((name.TenantId, name.ThreadId), out var thread) && thread.TryGetValue(name, out var content))
        {
            found = content.AsMemory();
        }

        return ValueTask.FromResult(found);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CheckpointName>> ListAsync(string tenantId, string threadId, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        IReadOnlyList<CheckpointName> names = _threads.TryGetValue((tenantId, threadId), out var thread)
            ? [.. thread.Keys.OrderByDescending(name => name.CreatedUs).ThenByDescending(name => name.Id)]
            : [];
        return ValueTask.FromResult(names);
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(CheckpointName name, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_threads.TryGetValue((name.TenantId, name.ThreadId), out var thread) && thread.TryRemove(name, out _));
    }

    /// <summary>Nothing to give back; what was kept stays readable as long as the store is held.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
