using DashStream.Providers;
using DashStream.Stores;

namespace DashStream.Tests.Stores;

/// <summary>A memory store whose appends do first what a test says.</summary>
internal sealed class FaultyLogStore : ILogStore
{
    private readonly MemoryLogStore _inner;

    public FaultyLogStore(TimeProvider time, MemoryProviderOptions? options = null) => _inner = new MemoryLogStore(options ?? new MemoryProviderOptions(), time);

    /// <summary>Runs before each append, with the number of earlier attempts.</summary>
    public Func<AppendBatch, int, CancellationToken, ValueTask> OnAppend { get; set; } = static (_, _, _) => ValueTask.CompletedTask;

    public Func<CancellationToken, ValueTask<IReadOnlyList<string>>>? OnCheck { get; set; }

    public int Appends { get; private set; }

    public int AppendsAtOnce { get; set; } = 1;

    public bool IsDisposed { get; private set; }

    public IGroupStore Groups => _inner.Groups;

    public async ValueTask AppendAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        await OnAppend(batch, Appends++, cancellationToken);
        await _inner.AppendAsync(batch, CancellationToken.None);
    }

    public ValueTask<bool> TryCreateTopicAsync(TopicSpec topic, CancellationToken cancellationToken) => _inner.TryCreateTopicAsync(topic, cancellationToken);

    public ValueTask<TopicSpec?> FindTopicAsync(string topic, CancellationToken cancellationToken) => _inner.FindTopicAsync(topic, cancellationToken);

    public ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken) => _inner.ListTopicsAsync(cancellationToken);

    public ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancellationToken) => _inner.DeleteTopicAsync(topic, cancellationToken);

    public ValueTask<IReadOnlyList<StreamRecord>> ReadAsync(
        string topic, int partition, UInt128 from, int maxRecords, int maxBytes, CancellationToken cancellationToken) =>
        _inner.ReadAsync(topic, partition, from, maxRecords, maxBytes, cancellationToken);

    public ValueTask<PartitionDescription> DescribeAsync(string topic, int partition, bool withCounts, CancellationToken cancellationToken) =>
        _inner.DescribeAsync(topic, partition, withCounts, cancellationToken);

    public ValueTask<long?> CountAsync(string topic, int partition, UInt128 from, CancellationToken cancellationToken) =>
        _inner.CountAsync(topic, partition, from, cancellationToken);

    public ValueTask<UInt128?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken) =>
        _inner.FindAsync(topic, partition, timestampUs, cancellationToken);

    public ValueTask TrimAsync(string topic, int partition, UInt128 before, CancellationToken cancellationToken) =>
        _inner.TrimAsync(topic, partition, before, cancellationToken);

    public ValueTask<long> ApplyRetentionAsync(string topic, CancellationToken cancellationToken) => _inner.ApplyRetentionAsync(topic, cancellationToken);

    public ValueTask<long> GetStampAsync(string topic, CancellationToken cancellationToken) => _inner.GetStampAsync(topic, cancellationToken);

    public ValueTask WaitForAppendAsync(string topic, long seen, TimeSpan atMost, CancellationToken cancellationToken) =>
        _inner.WaitForAppendAsync(topic, seen, atMost, cancellationToken);

    public ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken) =>
        OnCheck is null ? _inner.CheckAsync(cancellationToken) : OnCheck(cancellationToken);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return _inner.DisposeAsync();
    }
}
