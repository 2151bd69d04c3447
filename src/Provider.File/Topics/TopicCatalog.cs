using System.Collections.Concurrent;

namespace DashStream.Providers;

/// <summary>
/// Makes, opens, lists and deletes topics. Making and deleting are renames of a whole folder under the store's lock, so a topic is there as a whole or not
/// at all. Safe for concurrent use.
/// </summary>
internal sealed class TopicCatalog : IDisposable
{
    private readonly ConcurrentDictionary<string, TopicLog> _open = new(StringComparer.Ordinal);
    private readonly StoreContext _store;
    private readonly FileLock _lock;
    private readonly Lock _gate = new();
    private bool _disposed;

    public TopicCatalog(StoreContext store)
    {
        _store = store;
        _lock = new FileLock(store.Folder.CatalogLock, store.Options.LockTimeout);
    }

    /// <summary>The topics that are open now.</summary>
    public ICollection<TopicLog> Open => _open.Values;

    /// <summary>Opens a topic, or returns null when there is none.</summary>
    public async ValueTask<TopicLog?> FindAsync(string topic, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        if (_open.TryGetValue(topic, out var open))
        {
            if (!open.Ends.IsDeleted)
            {
                return open;
            }

            Forget(open);
        }

        if (!_store.Folder.Exists() || TopicFile.TryRead(DescriptionOf(topic)) is not { } file)
        {
            return null;
        }

        var ends = TopicEnds.TryOpen(_store.Folder.EndsFile(topic), file.Id, file.Spec.Partitions)
            ?? await RestoreEndsAsync(file, cancellationToken).ConfigureAwait(false);
        if (ends is null || ends.IsDeleted)
        {
            ends?.Dispose();
            return null;
        }

        return Remember(new TopicLog(_store, file, ends));
    }

    /// <summary>Opens a topic that has to be there.</summary>
    /// <exception cref="StreamException">There is none (<see cref="StreamErrorKind.NotFound"/>).</exception>
    public async ValueTask<TopicLog> GetAsync(string topic, CancellationToken cancellationToken) =>
        await FindAsync(topic, cancellationToken).ConfigureAwait(false)
        ?? throw new StreamException(StreamErrorKind.NotFound, $"There is no topic '{topic}' in '{_store.Folder.Root}'.");

    /// <summary>Makes a topic; false when there is one of that name.</summary>
    public async ValueTask<bool> TryCreateAsync(TopicSpec spec, CancellationToken cancellationToken)
    {
        _store.Folder.Create();
        using var held = await _lock.AcquireAsync(cancellationToken).ConfigureAwait(false);
        if (TopicFile.TryRead(DescriptionOf(spec.Name)) is { } existing)
        {
            using var ends = TopicEnds.TryOpen(_store.Folder.EndsFile(spec.Name), existing.Id, existing.Spec.Partitions);
            if (ends is null or { IsDeleted: false })
            {
                return false;
            }

            // Somebody died in the middle of a deletion.
            await DeleteAsync(existing, ends, cancellationToken).ConfigureAwait(false);
        }

        MakeFiles(new TopicFile(Guid.NewGuid(), spec));
        return true;
    }

    /// <summary>Deletes a topic with everything in it; false when there is none.</summary>
    public async ValueTask<bool> TryDeleteAsync(string topic, CancellationToken cancellationToken)
    {
        if (!_store.Folder.Exists())
        {
            return false;
        }

        using var held = await _lock.AcquireAsync(cancellationToken).ConfigureAwait(false);
        if (TopicFile.TryRead(DescriptionOf(topic)) is not { } file)
        {
            return false;
        }

        using var ends = OpenOrMakeEnds(file);
        await DeleteAsync(file, ends, cancellationToken).ConfigureAwait(false);
        return true;
    }

    public IReadOnlyList<string> List()
    {
        if (!_store.Folder.Exists() || !Directory.Exists(_store.Folder.Topics))
        {
            return [];
        }

        return [.. Directory.EnumerateDirectories(_store.Folder.Topics).Select(folder => Path.GetFileName(folder)).Where(IsThere)];
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var topic in _open.Values)
            {
                topic.Dispose();
            }

            _open.Clear();
        }

        _lock.Dispose();
    }

    private string DescriptionOf(string topic) => Path.Combine(_store.Folder.TopicFolder(topic), TopicFile.Name);

    private bool IsThere(string topic)
    {
        if (TopicFile.TryRead(DescriptionOf(topic)) is not { } file)
        {
            return false;
        }

        using var ends = TopicEnds.TryOpen(_store.Folder.EndsFile(topic), file.Id, file.Spec.Partitions);
        return ends is null or { IsDeleted: false };
    }

    private TopicLog Remember(TopicLog opened)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                opened.Dispose();
                throw new ObjectDisposedException(nameof(TopicCatalog));
            }

            var kept = _open.GetOrAdd(opened.File.Spec.Name, opened);
            if (kept != opened)
            {
                opened.Dispose();
            }

            return kept;
        }
    }

    private void Forget(TopicLog topic)
    {
        if (_open.TryRemove(KeyValuePair.Create(topic.File.Spec.Name, topic)))
        {
            topic.Dispose();
        }
    }

    private async ValueTask<TopicEnds?> RestoreEndsAsync(TopicFile file, CancellationToken cancellationToken)
    {
        using var held = await _lock.AcquireAsync(cancellationToken).ConfigureAwait(false);
        var stillThere = TopicFile.TryRead(DescriptionOf(file.Spec.Name))?.Id == file.Id;
        return stillThere ? OpenOrMakeEnds(file) : null;
    }

    private TopicEnds OpenOrMakeEnds(TopicFile file)
    {
        var path = _store.Folder.EndsFile(file.Spec.Name);
        if (TopicEnds.TryOpen(path, file.Id, file.Spec.Partitions) is { } ends)
        {
            return ends;
        }

        TopicEnds.Create(path, file.Id, file.Spec.Partitions, empty: false);
        return TopicEnds.TryOpen(path, file.Id, file.Spec.Partitions) ?? throw new IOException($"'{path}' vanished.");
    }

    private void MakeFiles(TopicFile file)
    {
        var made = Path.Combine(_store.Folder.Passing, file.Id.ToString("N"));
        var ends = _store.Folder.EndsFile(file.Spec.Name);
        try
        {
            for (var p = 0; p < file.Spec.Partitions; p++)
            {
                Directory.CreateDirectory(Path.Combine(made, p.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            }

            Directory.CreateDirectory(Path.Combine(made, FileGroupStore.FolderName));
            AtomicFile.Replace(Path.Combine(made, TopicFile.Name), file.Encode(), _store.IsDurable);
            TopicEnds.Create(ends, file.Id, file.Spec.Partitions, empty: true);
            Directory.Move(made, _store.Folder.TopicFolder(file.Spec.Name));
        }
        catch
        {
            _ = AtomicFile.TryDeleteFolder(made);
            _ = AtomicFile.TryDelete(ends);
            throw;
        }

        if (_store.IsDurable)
        {
            Posix.SyncDirectory(_store.Folder.Topics);
        }
    }

    private async ValueTask DeleteAsync(TopicFile file, TopicEnds ends, CancellationToken cancellationToken)
    {
        var topic = file.Spec.Name;
        ends.MarkDeleted();
        for (var p = 0; p < file.Spec.Partitions; p++)
        {
            // An append that is under way ends first; whoever comes later finds the mark.
            var partition = Path.Combine(_store.Folder.TopicFolder(topic), p.ToString(System.Globalization.CultureInfo.InvariantCulture));
            using var partitionLock = new FileLock(Path.Combine(partition, PartitionLog.LockName), _store.Options.LockTimeout);
            using var held = await partitionLock.AcquireAsync(cancellationToken).ConfigureAwait(false);
            ends.MarkDeleted(p);
        }

        var passing = Path.Combine(_store.Folder.Passing, file.Id.ToString("N"));
        Directory.Move(_store.Folder.TopicFolder(topic), passing);
        File.Delete(_store.Folder.EndsFile(topic));
        _ = AtomicFile.TryDelete(_store.Folder.GroupSignalFile(topic));
        foreach (var leftover in Directory.EnumerateDirectories(_store.Folder.Passing))
        {
            _ = AtomicFile.TryDeleteFolder(leftover);
        }

        if (_open.TryGetValue(topic, out var open))
        {
            Forget(open);
        }
    }
}
