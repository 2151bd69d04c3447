using System.Collections.Concurrent;
using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>Topics in memory. Every call ends at once; only the two waits wait.</summary>
internal sealed class MemoryLogStore : ILogStore
{
    private const int WarnAtPercent = 90;
    private const long StampsPerTopic = 1L << 32;

    private readonly ConcurrentDictionary<string, MemoryTopic> _topics = new(StringComparer.Ordinal);
    private readonly MemoryProviderOptions _options;
    private readonly TimeProvider _time;
    private readonly MemoryBudget _budget;
    private readonly MemoryGroupStore _groups;
    private long _stamps;
    private volatile bool _disposed;

    public MemoryLogStore(MemoryProviderOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _budget = new MemoryBudget(options.MaxBytes);
        _groups = new MemoryGroupStore(topic => _topics.ContainsKey(topic), time);
    }

    public IGroupStore Groups => _groups;

    public ValueTask<bool> TryCreateTopicAsync(TopicSpec topic, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        var made = new MemoryTopic(topic, Interlocked.Add(ref _stamps, StampsPerTopic), _options, _budget, _time);
        return ValueTask.FromResult(_topics.TryAdd(topic.Name, made));
    }

    public ValueTask<TopicSpec?> FindTopicAsync(string topic, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        return ValueTask.FromResult(_topics.GetValueOrDefault(topic)?.Spec);
    }

    public ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        return ValueTask.FromResult<IReadOnlyList<string>>([.. _topics.Keys]);
    }

    public ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        if (!_topics.TryRemove(topic, out var removed))
        {
            return ValueTask.FromResult(false);
        }

        removed.Delete();
        _groups.DeleteTopic(topic);
        return ValueTask.FromResult(true);
    }

    public ValueTask AppendAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        Topic(batch.Topic, cancellationToken).Append(batch);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<StreamRecord>> ReadAsync(
        string topic, int partition, UInt128 from, int maxRecords, int maxBytes, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Topic(topic, partition, cancellationToken).Read(partition, from, maxRecords, maxBytes));

    public ValueTask<PartitionDescription> DescribeAsync(string topic, int partition, bool withCounts, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Topic(topic, partition, cancellationToken).Describe(partition));

    public ValueTask<long?> CountAsync(string topic, int partition, UInt128 from, CancellationToken cancellationToken)
    {
        var bounds = Topic(topic, partition, cancellationToken).Describe(partition).Bounds;
        var first = from < bounds.Begin ? bounds.Begin : from;
        return ValueTask.FromResult<long?>(first < bounds.End ? (long)(bounds.End - first) : 0);
    }

    public ValueTask<UInt128?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Topic(topic, partition, cancellationToken).Find(partition, timestampUs) is { } found ? (UInt128?)(UInt128)found : null);

    public ValueTask TrimAsync(string topic, int partition, UInt128 before, CancellationToken cancellationToken)
    {
        Topic(topic, partition, cancellationToken).Trim(partition, before);
        return ValueTask.CompletedTask;
    }

    public ValueTask<long> ApplyRetentionAsync(string topic, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Topic(topic, cancellationToken).ApplyRetention());

    public ValueTask<long> GetStampAsync(string topic, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Topic(topic, cancellationToken).Stamp);

    public ValueTask WaitForAppendAsync(string topic, long seen, TimeSpan atMost, CancellationToken cancellationToken) =>
        Topic(topic, cancellationToken).WaitForAppendAsync(seen, atMost, cancellationToken);

    public ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        var percent = _budget.Used * 100.0 / _budget.Limit;
        IReadOnlyList<string> warnings = percent < WarnAtPercent
            ? []
            : [$"The memory store holds {_budget.Used} of at most {_budget.Limit} bytes (MaxBytes)."];
        return ValueTask.FromResult(warnings);
    }

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        foreach (var topic in _topics.Values)
        {
            topic.Delete();
        }

        _topics.Clear();
        return ValueTask.CompletedTask;
    }

    internal static StreamException NoTopic(string topic) => new(StreamErrorKind.NotFound, $"There is no topic '{topic}' in this memory store.");

    private MemoryTopic Topic(string topic, int partition, CancellationToken cancellationToken)
    {
        var found = Topic(topic, cancellationToken);
        return (uint)partition < (uint)found.Spec.Partitions
            ? found
            : throw new StreamException(StreamErrorKind.NotFound, $"Topic '{topic}' has no partition {partition}.");
    }

    private MemoryTopic Topic(string topic, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        return _topics.TryGetValue(topic, out var found) ? found : throw NoTopic(topic);
    }

    private void ThrowIfOver(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_disposed)
        {
            throw new StreamException(StreamErrorKind.Closed, "The memory store was disposed.");
        }
    }
}
