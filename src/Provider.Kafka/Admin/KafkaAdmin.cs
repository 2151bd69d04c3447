using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Providers;

/// <summary>Topics and groups of a <see cref="KafkaProvider"/>. Safe for concurrent use; every call asks the cluster.</summary>
internal sealed class KafkaAdmin(KafkaCluster cluster, KafkaTopics topics, LogOffsets offsets) : IStreamAdmin
{
    private readonly KafkaGroups _groups = new(cluster, offsets);

    /// <inheritdoc/>
    public async ValueTask CreateTopicAsync(TopicSpec topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        cluster.ThrowIfDisposed();
        topic.Validate();
        if (await topics.TryCreateAsync(topic, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        var there = await topics.RequireAsync(topic.Name, cancellationToken).ConfigureAwait(false);
        if (there.Partitions.Count != topic.Partitions)
        {
            throw new StreamException(StreamErrorKind.AlreadyExists,
                $"Topic '{topic.Name}' exists with {there.Partitions.Count} partitions, not {topic.Partitions}. Partitions are fixed: use another name, or delete it first.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask<DashStream.TopicDescription?> DescribeTopicAsync(string topic, CancellationToken cancellationToken = default)
    {
        var found = await topics.FindAsync(topic, cancellationToken).ConfigureAwait(false);
        if (found is null)
        {
            return null;
        }

        var settings = await topics.SettingsAsync(topic, cancellationToken).ConfigureAwait(false);
        var bounds = await offsets.BoundsAsync(topic, [.. Enumerable.Range(0, found.Partitions.Count)], cancellationToken).ConfigureAwait(false);
        var partitions = bounds.OrderBy(static entry => entry.Key)
            .Select(static entry => new PartitionDescription(entry.Key, entry.Value.Contract, entry.Value.End - entry.Value.Begin, SizeBytes: null));
        return new DashStream.TopicDescription(TopicSettings.FromKafka(found, settings), [.. partitions]);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken = default) =>
        await topics.ListAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancellationToken = default)
    {
        StreamNames.ThrowIfInvalidTopic(topic);
        cluster.ThrowIfDisposed();
        if (!await topics.DeleteAsync(topic, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        await _groups.DeleteAllAsync(topic, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask TrimAsync(string topic, StreamPosition before, CancellationToken cancellationToken = default)
    {
        await RequirePartitionAsync(topic, before.Partition, cancellationToken).ConfigureAwait(false);
        var bounds = (await offsets.BoundsAsync(topic, [before.Partition], cancellationToken).ConfigureAwait(false))[before.Partition];
        if (before.Offset > (UInt128)bounds.End)
        {
            throw new StreamException(StreamErrorKind.OutOfRange,
                $"Topic '{topic}' cannot be trimmed before {before}: its partition {before.Partition} ends at {bounds.End}.");
        }

        if (before.Offset <= (UInt128)bounds.Begin)
        {
            return;
        }

        var target = new TopicPartitionOffset(topic, before.Partition, (long)before.Offset);
        await cluster.Calls.AskAsync(
            $"Trimming topic '{topic}' before {before}",
            (admin, limit) => admin.DeleteRecordsAsync([target], new DeleteRecordsOptions { RequestTimeout = limit, OperationTimeout = limit }),
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<long> ApplyRetentionAsync(string topic, CancellationToken cancellationToken = default)
    {
        _ = await topics.RequireAsync(topic, cancellationToken).ConfigureAwait(false);
        throw new StreamException(StreamErrorKind.InvalidRequest, "Kafka's brokers apply retention by themselves and not on demand.");
    }

    /// <inheritdoc/>
    public async ValueTask<StreamPosition?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(timestampUs);
        await RequirePartitionAsync(topic, partition, cancellationToken).ConfigureAwait(false);
        var found = await offsets.FindAsync(topic, partition, timestampUs, cancellationToken).ConfigureAwait(false);
        return found is { } offset ? new StreamPosition(partition, (UInt128)offset) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<GroupSummary>> ListGroupsAsync(string? topic = null, CancellationToken cancellationToken = default)
    {
        cluster.ThrowIfDisposed();
        if (topic is not null)
        {
            StreamNames.ThrowIfInvalidTopic(topic);
        }

        return await _groups.ListAsync(topic, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<GroupDescription?> DescribeGroupAsync(string topic, string group, CancellationToken cancellationToken = default)
    {
        StreamNames.ThrowIfInvalidGroup(group);
        var found = await topics.FindAsync(topic, cancellationToken).ConfigureAwait(false);
        return found is null ? null : await _groups.DescribeAsync(topic, found.Partitions.Count, group, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask ResetGroupAsync(
        string topic, string group, int? partition, SeekTarget target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        StreamNames.ThrowIfInvalidGroup(group);
        var partitions = partition is { } one
            ? await RequirePartitionAsync(topic, one, cancellationToken).ConfigureAwait(false)
            : (await topics.RequireAsync(topic, cancellationToken).ConfigureAwait(false)).Partitions.Count;
        await _groups.ResetAsync(topic, group, partition is { } named ? [named] : [.. Enumerable.Range(0, partitions)], target, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteGroupAsync(string topic, string group, CancellationToken cancellationToken = default)
    {
        StreamNames.ThrowIfInvalidGroup(group);
        var found = await topics.FindAsync(topic, cancellationToken).ConfigureAwait(false);
        return found is not null && await _groups.DeleteAsync(topic, found.Partitions.Count, group, cancellationToken).ConfigureAwait(false);
    }

    private async Task<int> RequirePartitionAsync(string topic, int partition, CancellationToken cancellationToken)
    {
        var found = await topics.RequireAsync(topic, cancellationToken).ConfigureAwait(false);
        return (uint)partition < (uint)found.Partitions.Count
            ? found.Partitions.Count
            : throw new StreamException(StreamErrorKind.NotFound,
                $"Topic '{topic}' has no partition {partition}: it has partitions 0 to {found.Partitions.Count - 1}.");
    }
}
