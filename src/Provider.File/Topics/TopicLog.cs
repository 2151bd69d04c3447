using System.Collections.Concurrent;

namespace DashStream.Providers;

/// <summary>An open topic: its description, its published ends, its partitions. Safe for concurrent use.</summary>
internal sealed class TopicLog : IDisposable
{
    private readonly ConcurrentDictionary<string, FileLock> _groupLocks = new(StringComparer.Ordinal);
    private readonly StoreContext _store;
    private readonly PartitionLog[] _partitions;

    public TopicLog(StoreContext store, TopicFile file, TopicEnds ends)
    {
        (_store, File, Ends) = (store, file, ends);
        _partitions = new PartitionLog[file.Spec.Partitions];
        for (var p = 0; p < _partitions.Length; p++)
        {
            _partitions[p] = new PartitionLog(store, file, ends, p);
        }
    }

    public TopicFile File { get; }

    public TopicEnds Ends { get; }

    public IReadOnlyList<PartitionLog> Partitions => _partitions;

    /// <exception cref="StreamException">The topic has no such partition (<see cref="StreamErrorKind.NotFound"/>).</exception>
    public PartitionLog Partition(int partition) => (uint)partition < (uint)_partitions.Length
        ? _partitions[partition]
        : throw new StreamException(StreamErrorKind.NotFound,
            $"Topic '{File.Spec.Name}' has no partition {partition}; it has {_partitions.Length}, counted from 0.");

    /// <summary>The lock of one of the topic's groups. Kept here, since a topic made again has other lock files of the same names.</summary>
    public FileLock GroupLock(string path) => _groupLocks.GetOrAdd(path, p => new FileLock(p, _store.Options.LockTimeout, _store.OpenFiles));

    public void Dispose()
    {
        foreach (var groupLock in _groupLocks.Values)
        {
            groupLock.Dispose();
        }

        foreach (var partition in _partitions)
        {
            partition.Dispose();
        }

        Ends.Dispose();
    }
}
