using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>The file system as a log store. Does no I/O before its first use, and makes the folder with the first topic.</summary>
internal sealed class FileLogStore : ILogStore
{
    private readonly StoreContext _store;
    private readonly TopicCatalog _topics;
    private readonly StoreSignals _signals;
    private readonly BackgroundSync? _sync;
    private int _disposed;

    public FileLogStore(string directory, FileProviderOptions options, TimeProvider? time = null)
    {
        _store = new StoreContext(new StoreFolder(directory), options, time ?? TimeProvider.System, new StoreJournal());
        _topics = new TopicCatalog(_store);
        _signals = new StoreSignals(_store);
        Groups = new FileGroupStore(_store, _topics, _signals);
        _sync = options.Fsync == FsyncPolicy.Interval ? new BackgroundSync(_topics, _store) : null;
    }

    public IGroupStore Groups { get; }

    /// <summary>What was mended since the store was opened.</summary>
    public IReadOnlyList<FileRecovery> Recoveries => _store.Journal.Recoveries;

    public ValueTask<bool> TryCreateTopicAsync(TopicSpec topic, CancellationToken cancellationToken)
    {
        topic.Validate();
        if (topic.ProviderSettings.Count > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"Topic '{topic.Name}': the file provider knows no setting '{topic.ProviderSettings.Keys.First()}'; it takes no provider settings.");
        }

        return _store.Guard.RunAsync("create topic", topic.Name, () => _topics.TryCreateAsync(topic, cancellationToken), cancellationToken);
    }

    public ValueTask<TopicSpec?> FindTopicAsync(string topic, CancellationToken cancellationToken) =>
        _store.Guard.RunAsync("open topic", topic, async () => (await _topics.FindAsync(topic, cancellationToken).ConfigureAwait(false))?.File.Spec, cancellationToken);

    public ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken) =>
        _store.Guard.Run("list the topics of", _store.Folder.Root, _topics.List, cancellationToken);

    public ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancellationToken) =>
        _store.Guard.RunAsync("delete topic", topic, async () =>
        {
            var deleted = await _topics.TryDeleteAsync(topic, cancellationToken).ConfigureAwait(false);
            _signals.Fire(topic);
            return deleted;
        }, cancellationToken);

    public ValueTask AppendAsync(AppendBatch batch, CancellationToken cancellationToken) =>
        _store.Guard.RunAsync("append to topic", batch.Topic, async () =>
        {
            var topic = await _topics.GetAsync(batch.Topic, cancellationToken).ConfigureAwait(false);
            _sync?.Start();
            await TopicAppend.RunAsync(topic, batch, _store.Options.Fsync == FsyncPolicy.EachAppend, cancellationToken).ConfigureAwait(false);
            _signals.Fire(batch.Topic);
        }, cancellationToken);

    public ValueTask<IReadOnlyList<StreamRecord>> ReadAsync(
        string topic, int partition, UInt128 from, int maxRecords, int maxBytes, CancellationToken cancellationToken) =>
        WithAsync("read topic", topic, partition, log => log.Reader.ReadAsync(from, maxRecords, maxBytes, cancellationToken), cancellationToken);

    public ValueTask<PartitionDescription> DescribeAsync(string topic, int partition, bool withCounts, CancellationToken cancellationToken) =>
        WithAsync("describe topic", topic, partition, async log =>
        {
            var end = await log.EndAsync(cancellationToken).ConfigureAwait(false);
            var bytes = withCounts ? await log.Reader.SizeAsync(cancellationToken).ConfigureAwait(false) : (long?)null;
            var records = withCounts ? (long)(end.End - end.Begin) : (long?)null;
            return new PartitionDescription(partition, new PartitionBounds(end.Begin, end.End), records, bytes);
        }, cancellationToken);

    public ValueTask<long?> CountAsync(string topic, int partition, UInt128 from, CancellationToken cancellationToken) =>
        WithAsync("count in topic", topic, partition, async log =>
        {
            var end = await log.EndAsync(cancellationToken).ConfigureAwait(false);
            return from >= end.End ? 0 : (long?)(end.End - Math.Max((ulong)from, end.Begin));
        }, cancellationToken);

    public ValueTask<UInt128?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken) =>
        WithAsync("search topic", topic, partition, async log =>
            (UInt128?)await log.Reader.FindAsync(timestampUs, cancellationToken).ConfigureAwait(false), cancellationToken);

    public ValueTask TrimAsync(string topic, int partition, UInt128 before, CancellationToken cancellationToken) =>
        _store.Guard.RunAsync("trim topic", topic, async () =>
        {
            var log = (await _topics.GetAsync(topic, cancellationToken).ConfigureAwait(false)).Partition(partition);
            var end = await log.EndAsync(cancellationToken).ConfigureAwait(false);
            if (before > end.End)
            {
                throw new StreamException(StreamErrorKind.OutOfRange,
                    $"Topic '{topic}' partition {partition} ends at offset {end.End}; it cannot be trimmed up to {before}.");
            }

            if (before > end.Begin)
            {
                using var held = await log.Lock.AcquireAsync(cancellationToken).ConfigureAwait(false);
                log.Writer.Trim((ulong)before);
            }
        }, cancellationToken);

    public ValueTask<long> ApplyRetentionAsync(string topic, CancellationToken cancellationToken) =>
        _store.Guard.RunAsync("apply retention to topic", topic, async () =>
        {
            var removed = 0L;
            foreach (var log in (await _topics.GetAsync(topic, cancellationToken).ConfigureAwait(false)).Partitions)
            {
                using var held = await log.Lock.AcquireAsync(cancellationToken).ConfigureAwait(false);
                removed += log.Writer.ApplyRetention();
            }

            return removed;
        }, cancellationToken);

    public ValueTask<long> GetStampAsync(string topic, CancellationToken cancellationToken) =>
        _store.Guard.RunAsync("look at topic", topic, async () => (await _topics.GetAsync(topic, cancellationToken).ConfigureAwait(false)).Ends.Stamp(), cancellationToken);

    public ValueTask WaitForAppendAsync(string topic, long seen, TimeSpan atMost, CancellationToken cancellationToken) =>
        _store.Guard.RunAsync("wait for topic", topic, async () =>
        {
            var open = await _topics.GetAsync(topic, cancellationToken).ConfigureAwait(false);
            await _signals.WaitAsync(topic, () => open.Ends.Stamp() != seen, atMost, cancellationToken).ConfigureAwait(false);
        }, cancellationToken);

    public ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken) =>
        _store.Guard.Run("check the store", _store.Folder.Root, () => StoreCheck.Run(_store), cancellationToken);

    /// <summary>Forces everything written by this store onto the disk.</summary>
    public ValueTask SyncAsync() => _store.Guard.Run("sync the store", _store.Folder.Root, () => BackgroundSync.SyncAll(_topics));

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (_sync is not null)
        {
            await _sync.DisposeAsync().ConfigureAwait(false);
        }

        try
        {
            if (_store.IsDurable)
            {
                await SyncAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _store.Guard.Close();
            _signals.Dispose();
            _topics.Dispose();
        }
    }

    private ValueTask<T> WithAsync<T>(
        string doing, string topic, int partition, Func<PartitionLog, ValueTask<T>> call, CancellationToken cancellationToken) =>
        _store.Guard.RunAsync(doing, topic, async () =>
        {
            var open = await _topics.GetAsync(topic, cancellationToken).ConfigureAwait(false);
            return await call(open.Partition(partition)).ConfigureAwait(false);
        }, cancellationToken);
}
