using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>
/// Topics, records and groups in one SQLite database. Several stores, in one process or many, may use a database at once. Making one does no I/O.
/// </summary>
internal sealed class SqliteLogStore : ILogStore
{
    private readonly SqliteDatabase _database;
    private readonly SqliteWriter _writer;
    private readonly SqliteReaders _readers;
    private readonly SqliteWatcher _watcher;
    private readonly SqliteWaiter _waiter;
    private readonly SqliteTrim _trim;
    private readonly SqliteUpkeep _upkeep;
    private readonly TimeProvider _time;
    private int _isDisposed;

    public SqliteLogStore(string path, SqliteProviderOptions options, TimeProvider time)
    {
        var signals = new SqliteSignals();
        _time = time;
        _database = new SqliteDatabase(path, options);
        _writer = new SqliteWriter(_database);
        _readers = new SqliteReaders(_database, _writer);
        _watcher = new SqliteWatcher(_database, signals);
        _waiter = new SqliteWaiter(_readers, _watcher, signals, time);
        _trim = new SqliteTrim(_database, _writer, _readers);
        _upkeep = new SqliteUpkeep(_trim, ApplyRetentionAsync, options.RetentionInterval, time);
        Groups = new SqliteGroupStore(_database, _writer, _readers, _waiter, time);
    }

    public IGroupStore Groups { get; }

    public async ValueTask<bool> TryCreateTopicAsync(TopicSpec topic, CancellationToken cancellationToken)
    {
        topic.Validate();
        if (topic.ProviderSettings.Count > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"Topic '{topic.Name}': the SQLite provider knows no settings of its own, but got '{string.Join("', '", topic.ProviderSettings.Keys)}'.");
        }

        return await WriteAsync(session => SqliteTopics.TryCreate(session, _database, topic), cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<TopicSpec?> FindTopicAsync(string topic, CancellationToken cancellationToken) =>
        _readers.RunAsync(session => SqliteTopics.Find(session, topic), cancellationToken);

    public async ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken) =>
        await _readers.RunAsync(SqliteTopics.List, cancellationToken).ConfigureAwait(false);

    public async ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancellationToken)
    {
        var done = await WriteAsync(session => SqliteTopics.TryDelete(session, topic), cancellationToken).ConfigureAwait(false);
        _waiter.SignalTopic(topic);
        await _trim.SweepAllAsync(cancellationToken).ConfigureAwait(false);
        return done;
    }

    public async ValueTask AppendAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        var append = new SqliteAppend(_database, batch);
        await _writer.RunAsync(append.Execute, batch.SizeBytes, cancellationToken).ConfigureAwait(false);
        _waiter.SignalTopic(batch.Topic);
        _upkeep.Start();
    }

    public async ValueTask<IReadOnlyList<StreamRecord>> ReadAsync(
        string topic, int partition, UInt128 from, int maxRecords, int maxBytes, CancellationToken cancellationToken)
    {
        var request = new SqliteReads.ReadRequest(topic, partition, from, maxRecords, maxBytes);
        return await _readers.RunAsync(session => SqliteReads.Read(session, _database, request), cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<PartitionDescription> DescribeAsync(string topic, int partition, bool withCounts, CancellationToken cancellationToken) =>
        _readers.RunAsync(
            session =>
            {
                var row = SqlitePartition.Find(session, _database, topic, partition);
                var bounds = new PartitionBounds((UInt128)row.Begin, (UInt128)row.End);
                return new PartitionDescription(partition, bounds, withCounts ? row.End - row.Begin : null, withCounts ? row.StoredBytes : null);
            },
            cancellationToken);

    public ValueTask<long?> CountAsync(string topic, int partition, UInt128 from, CancellationToken cancellationToken) =>
        _readers.RunAsync<long?>(
            session =>
            {
                var row = SqlitePartition.Find(session, _database, topic, partition);
                return row.End - row.Clamp(from);
            },
            cancellationToken);

    public ValueTask<UInt128?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken) =>
        _readers.RunAsync(
            session =>
            {
                var row = SqlitePartition.Find(session, _database, topic, partition);
                return (UInt128?)SqliteReads.Find(session, row, timestampUs, cancellationToken);
            },
            cancellationToken);

    public async ValueTask TrimAsync(string topic, int partition, UInt128 before, CancellationToken cancellationToken) =>
        await _trim.TrimAsync(topic, partition, before, cancellationToken).ConfigureAwait(false);

    public async ValueTask<long> ApplyRetentionAsync(string topic, CancellationToken cancellationToken)
    {
        var spec = await FindTopicAsync(topic, cancellationToken).ConfigureAwait(false) ?? throw SqliteErrors.Missing(_database, topic);
        var nowUs = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        return await _trim.ApplyRetentionAsync(spec, nowUs, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<long> GetStampAsync(string topic, CancellationToken cancellationToken) =>
        _readers.RunAsync(session => SqliteTopics.Stamp(session, topic) ?? throw SqliteErrors.Missing(_database, topic), cancellationToken);

    public ValueTask WaitForAppendAsync(string topic, long seen, TimeSpan atMost, CancellationToken cancellationToken) =>
        _waiter.WaitForTopicAsync(topic, session => SqliteTopics.Stamp(session, topic) != seen, atMost, cancellationToken);

    public async ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken)
    {
        // An empty transaction asks for everything a send needs: the file, the lock, a connection that works.
        await _writer.RunAsync(static _ => true, cancellationToken).ConfigureAwait(false);
        await ListTopicsAsync(cancellationToken).ConfigureAwait(false);
        return [.. new[] { _writer.Warning, _watcher.Warning, _upkeep.Warning }.OfType<string>()];
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _upkeep.DisposeAsync().ConfigureAwait(false);
        await _watcher.DisposeAsync().ConfigureAwait(false);
        await _readers.DisposeAsync().ConfigureAwait(false);
        await _writer.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<T> WriteAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken)
    {
        var result = await _writer.RunAsync(work, cancellationToken).ConfigureAwait(false);
        _upkeep.Start();
        return result;
    }
}
