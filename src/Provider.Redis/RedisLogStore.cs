using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>Topics, records and groups in Redis. Any number of stores, in one process or many, may use a server at once. Making one does no I/O.</summary>
internal sealed class RedisLogStore : ILogStore
{
    private readonly RedisProviderOptions _options;
    private readonly TimeProvider _time;
    private readonly RedisConnection _connection;
    private readonly RedisKeys _keys;
    private readonly RedisWaiter _waiter;
    private readonly RedisTopics _topics;
    private readonly RedisReads _reads;
    private readonly RedisAppender _appender;
    private readonly RedisTrim _trim;
    private readonly RedisUpkeep _upkeep;
    private readonly GroupFigures _figures;
    private int _isDisposed;

    public RedisLogStore(RedisProviderOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _keys = new RedisKeys(options.KeyPrefix, options.SpreadPartitions);
        _connection = new RedisConnection(options.Connection, "main", time);
        _waiter = new RedisWaiter(_connection, _keys, time);
        _topics = new RedisTopics(_connection, _keys);
        _reads = new RedisReads(_connection, _keys, _waiter, time);
        _appender = new RedisAppender(options, _keys, _topics, time);
        _figures = new GroupFigures(_connection, _keys, options.TrackPending, time);
        var groups = new RedisGroupStore(_connection, _keys, _waiter, _figures);
        Groups = groups;
        _trim = new RedisTrim(_connection, _keys, _reads, groups, options);
        _upkeep = new RedisUpkeep(RetainAllAsync, options.RetentionInterval, time);
    }

    public IGroupStore Groups { get; }

    // One is being stored while the next one is on its way: the script keeps their order, and what it gave the last two.
    public int AppendsAtOnce => 2;

    public bool StoresPartitionsApart => _keys.Spread;

    public ValueTask<bool> TryCreateTopicAsync(TopicSpec topic, CancellationToken cancellationToken)
    {
        topic.Validate();
        _upkeep.Start();
        return _topics.TryCreateAsync(topic, cancellationToken);
    }

    public ValueTask<TopicSpec?> FindTopicAsync(string topic, CancellationToken cancellationToken) => _topics.FindAsync(topic, cancellationToken);

    public ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken) => _topics.ListAsync(cancellationToken);

    public ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancellationToken) => _topics.DeleteAsync(topic, cancellationToken);

    public ValueTask AppendAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        _upkeep.Start();
        return _appender.AppendAsync(batch, cancellationToken);
    }

    public ValueTask<IReadOnlyList<StreamRecord>> ReadAsync(
        string topic, int partition, UInt128 from, int maxRecords, int maxBytes, CancellationToken cancellationToken) =>
        _reads.ReadAsync(topic, partition, from, maxRecords, maxBytes, cancellationToken);

    public bool IsNext(UInt128 asked, UInt128 found) => RedisIds.IsNext(asked, found);

    public async ValueTask<PartitionDescription> DescribeAsync(string topic, int partition, bool withCounts, CancellationToken cancellationToken)
    {
        var standing = await _reads.DescribeAsync(topic, partition, cancellationToken).ConfigureAwait(false);
        return new PartitionDescription(partition, standing.Bounds, withCounts ? standing.Records : null, withCounts ? standing.Bytes : null);
    }

    public async ValueTask<long?> CountAsync(string topic, int partition, UInt128 from, CancellationToken cancellationToken) =>
        await _reads.CountAsync(topic, partition, from, cancellationToken).ConfigureAwait(false);

    public ValueTask<UInt128?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken) =>
        _reads.FindAsync(topic, partition, timestampUs, cancellationToken);

    public async ValueTask TrimAsync(string topic, int partition, UInt128 before, CancellationToken cancellationToken) =>
        await _trim.TrimAsync(topic, partition, before, cancellationToken).ConfigureAwait(false);

    public async ValueTask<long> ApplyRetentionAsync(string topic, CancellationToken cancellationToken)
    {
        var spec = await _topics.FindAsync(topic, cancellationToken).ConfigureAwait(false) ?? throw RedisErrors.NoTopic(_options.Connection, topic);
        var nowUs = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        return await _trim.ApplyRetentionAsync(spec, nowUs, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<long> GetStampAsync(string topic, CancellationToken cancellationToken) => _waiter.GetStampAsync(topic, cancellationToken);

    public ILogTail? FindTail(string topic) => _waiter.FindTail(topic);

    public ValueTask WaitForAppendAsync(string topic, long seen, TimeSpan atMost, CancellationToken cancellationToken) =>
        _waiter.WaitForAppendAsync(topic, seen, atMost, cancellationToken);

    public async ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken)
    {
        await _connection.ExecuteAsync("EXISTS", cancellationToken, _keys.Topics).ConfigureAwait(false);
        var warnings = await RedisServerCheck.FindWarningsAsync(_connection, _options, cancellationToken).ConfigureAwait(false);
        return [.. warnings, .. _trim.Warnings, .. new[] { _upkeep.Warning, _figures.Warning }.OfType<string>()];
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _upkeep.DisposeAsync().ConfigureAwait(false);
        await _figures.StopAsync().ConfigureAwait(false);
        await _waiter.DisposeAsync().ConfigureAwait(false);
        await _appender.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    // What is wrong with one topic is told when the others have had their turn.
    private async ValueTask RetainAllAsync(CancellationToken cancellationToken)
    {
        StreamException? first = null;
        var topics = await _topics.ListAsync(cancellationToken).ConfigureAwait(false);
        _trim.Forget(topics);
        foreach (var topic in topics)
        {
            try
            {
                await RetainAsync(topic, cancellationToken).ConfigureAwait(false);
            }
            catch (StreamException e)
            {
                first ??= e;
            }
        }

        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }

    private async ValueTask RetainAsync(string topic, CancellationToken cancellationToken)
    {
        // One that was deleted meanwhile has nothing to retain.
        if (await _topics.FindAsync(topic, cancellationToken).ConfigureAwait(false) is { } spec && (spec.RetentionAge ?? (object?)spec.RetentionBytes) is not null)
        {
            await ApplyRetentionAsync(topic, cancellationToken).ConfigureAwait(false);
        }
    }
}
