using DashStream.Providers;
using DashStream.Stores;

namespace DashStream.Tests.Groups;

/// <summary>A memory store whose reads and group calls do first what a test says.</summary>
internal sealed class HookedLogStore : ILogStore
{
    private readonly MemoryLogStore _inner;

    public HookedLogStore(MemoryLogStore inner)
    {
        _inner = inner;
        HookedGroups = new HookedGroupStore(_inner.Groups);
    }

    public HookedGroupStore HookedGroups { get; }

    public IGroupStore Groups => HookedGroups;

    /// <summary>Runs before each read of a partition.</summary>
    public Func<int, CancellationToken, ValueTask> OnRead { get; set; } = static (_, _) => ValueTask.CompletedTask;

    /// <summary>Runs before each description of a partition.</summary>
    public Func<int, ValueTask> OnDescribe { get; set; } = static _ => ValueTask.CompletedTask;

    /// <summary>Runs before each wait for an append.</summary>
    public Func<ValueTask> OnWait { get; set; } = static () => ValueTask.CompletedTask;

    public int Reads { get; private set; }

    public int Stamps { get; private set; }

    /// <summary>What the store says it knows of the last records.</summary>
    public ILogTail? Tail { get; set; }

    public ILogTail? FindTail(string topic) => Tail;

    public async ValueTask<IReadOnlyList<StreamRecord>> ReadAsync(
        string topic, int partition, UInt128 from, int maxRecords, int maxBytes, CancellationToken cancellationToken)
    {
        Reads++;
        await OnRead(partition, cancellationToken);
        return await _inner.ReadAsync(topic, partition, from, maxRecords, maxBytes, cancellationToken);
    }

    public async ValueTask<PartitionDescription> DescribeAsync(string topic, int partition, bool withCounts, CancellationToken cancellationToken)
    {
        await OnDescribe(partition);
        return await _inner.DescribeAsync(topic, partition, withCounts, cancellationToken);
    }

    public async ValueTask WaitForAppendAsync(string topic, long seen, TimeSpan atMost, CancellationToken cancellationToken)
    {
        await OnWait();
        await _inner.WaitForAppendAsync(topic, seen, atMost, cancellationToken);
    }

    public ValueTask AppendAsync(AppendBatch batch, CancellationToken cancellationToken) => _inner.AppendAsync(batch, cancellationToken);

    public ValueTask<bool> TryCreateTopicAsync(TopicSpec topic, CancellationToken cancellationToken) => _inner.TryCreateTopicAsync(topic, cancellationToken);

    public ValueTask<TopicSpec?> FindTopicAsync(string topic, CancellationToken cancellationToken) => _inner.FindTopicAsync(topic, cancellationToken);

    public ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken) => _inner.ListTopicsAsync(cancellationToken);

    public ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancellationToken) => _inner.DeleteTopicAsync(topic, cancellationToken);

    public ValueTask<long?> CountAsync(string topic, int partition, UInt128 from, CancellationToken cancellationToken) =>
        _inner.CountAsync(topic, partition, from, cancellationToken);

    public ValueTask<UInt128?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken) =>
        _inner.FindAsync(topic, partition, timestampUs, cancellationToken);

    public ValueTask TrimAsync(string topic, int partition, UInt128 before, CancellationToken cancellationToken) =>
        _inner.TrimAsync(topic, partition, before, cancellationToken);

    public ValueTask<long> ApplyRetentionAsync(string topic, CancellationToken cancellationToken) => _inner.ApplyRetentionAsync(topic, cancellationToken);

    public ValueTask<long> GetStampAsync(string topic, CancellationToken cancellationToken)
    {
        Stamps++;
        return _inner.GetStampAsync(topic, cancellationToken);
    }

    public ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken) => _inner.CheckAsync(cancellationToken);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
