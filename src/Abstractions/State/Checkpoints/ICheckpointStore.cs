namespace DashStream.State;

/// <summary>
/// Keeps bytes under names, and knows nothing of what they mean: <see cref="StateCheckpoints"/> does. Safe for concurrent use, also by several processes where
/// the store can be shared. Held to by <c>CheckpointStoreConformance</c>.
/// </summary>
public interface ICheckpointStore : IAsyncDisposable
{
    /// <summary>
    /// Keeps the bytes. When it returns, they survive what the store promises to survive; whenever the process ends before, either all of them are there or
    /// nothing. Saving a name again replaces its bytes, also as a whole.
    /// </summary>
    /// <exception cref="StreamException">They could not be kept.</exception>
    ValueTask SaveAsync(CheckpointName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>The bytes, or null when there are none under the name.</summary>
    /// <exception cref="StreamException">They could not be read.</exception>
    ValueTask<ReadOnlyMemory<byte>?> LoadAsync(CheckpointName name, CancellationToken cancellationToken = default);

    /// <summary>The names of a thread, newest first.</summary>
    /// <exception cref="StreamException">The store could not be read.</exception>
    ValueTask<IReadOnlyList<CheckpointName>> ListAsync(string tenantId, string threadId, CancellationToken cancellationToken = default);

    /// <summary>Forgets the bytes. False when there were none.</summary>
    /// <exception cref="StreamException">They could not be removed.</exception>
    ValueTask<bool> DeleteAsync(CheckpointName name, CancellationToken cancellationToken = default);
}
