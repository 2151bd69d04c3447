using DashStream.Groups;

namespace DashStream.Stores;

/// <summary>Topics and groups of a <see cref="LogProvider"/>: what the contract asks for and a store leaves to its caller.</summary>
internal sealed class LogAdmin(LogProvider provider, ILogStore store, TimeProvider time) : IStreamAdmin
{
    private const int CreateAttempts = 5;

    private readonly GroupAdmin _groups = new(store, time);

    public async ValueTask CreateTopicAsync(TopicSpec topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        provider.ThrowIfDisposed();
        topic.Validate();
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfUnsupported(topic);
        for (var attempt = 0; attempt < CreateAttempts; attempt++)
        {
            if (await store.TryCreateTopicAsync(topic, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            var there = await store.FindTopicAsync(topic.Name, cancellationToken).ConfigureAwait(false);
            if (there is null)
            {
                continue;
            }

            if (there.Partitions != topic.Partitions)
            {
                throw new StreamException(StreamErrorKind.AlreadyExists,
                    $"Topic '{topic.Name}' exists with {there.Partitions} partitions, not {topic.Partitions}. Partitions are fixed: use another name, or delete it first.");
            }

            return;
        }

        throw new StreamException(StreamErrorKind.Transient, $"Topic '{topic.Name}' was made and deleted by others {CreateAttempts} times over. Try again.");
    }

    public async ValueTask<TopicDescription?> DescribeTopicAsync(string topic, CancellationToken cancellationToken = default)
    {
        var spec = await FindAsync(topic, cancellationToken).ConfigureAwait(false);
        if (spec is null)
        {
            return null;
        }

        var partitions = new PartitionDescription[spec.Partitions];
        for (var i = 0; i < partitions.Length; i++)
        {
            partitions[i] = await store.DescribeAsync(topic, i, withCounts: true, cancellationToken).ConfigureAwait(false);
        }

        return new TopicDescription(spec, partitions);
    }

    public async ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken = default)
    {
        provider.ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        var topics = await store.ListTopicsAsync(cancellationToken).ConfigureAwait(false);
        return [.. topics.Order(StringComparer.Ordinal)];
    }

    public async ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancellationToken = default)
    {
        StreamNames.ThrowIfInvalidTopic(topic);
        provider.ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        return await store.DeleteTopicAsync(topic, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask TrimAsync(string topic, StreamPosition before, CancellationToken cancellationToken = default)
    {
        await RequirePartitionAsync(topic, before.Partition, cancellationToken).ConfigureAwait(false);
        var bounds = (await store.DescribeAsync(topic, before.Partition, withCounts: false, cancellationToken).ConfigureAwait(false)).Bounds;
        if (before.Offset > bounds.End)
        {
            throw new StreamException(StreamErrorKind.OutOfRange,
                $"Topic '{topic}' cannot be trimmed before {before}: its partition {before.Partition} ends at {bounds.End}.");
        }

        if (before.Offset > bounds.Begin)
        {
            await store.TrimAsync(topic, before.Partition, before.Offset, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask<long> ApplyRetentionAsync(string topic, CancellationToken cancellationToken = default)
    {
        _ = await RequireTopicAsync(topic, cancellationToken).ConfigureAwait(false);
        if (!provider.Capabilities.RetentionOnDemand)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"Provider '{provider.Name}' applies retention by itself and not on demand.");
        }

        return await store.ApplyRetentionAsync(topic, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<StreamPosition?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(timestampUs);
        await RequirePartitionAsync(topic, partition, cancellationToken).ConfigureAwait(false);
        var offset = await store.FindAsync(topic, partition, timestampUs, cancellationToken).ConfigureAwait(false);
        return offset is { } found ? new StreamPosition(partition, found) : null;
    }

    public async ValueTask<IReadOnlyList<GroupSummary>> ListGroupsAsync(string? topic = null, CancellationToken cancellationToken = default)
    {
        provider.ThrowIfDisposed();
        if (topic is not null)
        {
            StreamNames.ThrowIfInvalidTopic(topic);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return await _groups.ListAsync(topic, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<GroupDescription?> DescribeGroupAsync(string topic, string group, CancellationToken cancellationToken = default)
    {
        StreamNames.ThrowIfInvalidGroup(group);
        var spec = await FindAsync(topic, cancellationToken).ConfigureAwait(false);
        return spec is null ? null : await _groups.DescribeAsync(spec, group, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask ResetGroupAsync(
        string topic, string group, int? partition, SeekTarget target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        StreamNames.ThrowIfInvalidGroup(group);
        var spec = partition is { } one
            ? await RequirePartitionAsync(topic, one, cancellationToken).ConfigureAwait(false)
            : await RequireTopicAsync(topic, cancellationToken).ConfigureAwait(false);
        await _groups.ResetAsync(spec, group, partition, target, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<bool> DeleteGroupAsync(string topic, string group, CancellationToken cancellationToken = default)
    {
        StreamNames.ThrowIfInvalidGroup(group);
        var spec = await FindAsync(topic, cancellationToken).ConfigureAwait(false);
        return spec is not null && await _groups.DeleteAsync(spec, group, cancellationToken).ConfigureAwait(false);
    }

    internal static StreamException NoTopic(string topic) => new(StreamErrorKind.NotFound, $"There is no topic '{topic}'. Create it first.");

    private async ValueTask<TopicSpec?> FindAsync(string topic, CancellationToken cancellationToken)
    {
        StreamNames.ThrowIfInvalidTopic(topic);
        provider.ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        return await store.FindTopicAsync(topic, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<TopicSpec> RequireTopicAsync(string topic, CancellationToken cancellationToken) =>
        await FindAsync(topic, cancellationToken).ConfigureAwait(false) ?? throw NoTopic(topic);

    private async ValueTask<TopicSpec> RequirePartitionAsync(string topic, int partition, CancellationToken cancellationToken)
    {
        var spec = await RequireTopicAsync(topic, cancellationToken).ConfigureAwait(false);
        return (uint)partition < (uint)spec.Partitions
            ? spec
            : throw new StreamException(StreamErrorKind.NotFound,
                $"Topic '{topic}' has no partition {partition}: it has partitions 0 to {spec.Partitions - 1}.");
    }

    private void ThrowIfUnsupported(TopicSpec topic)
    {
        var fault = topic switch
        {
            { RetentionAge: not null } when !provider.Capabilities.RetentionByAge => $"retention by age ({nameof(TopicSpec.RetentionAge)})",
            { RetentionBytes: not null } when !provider.Capabilities.RetentionBySize => $"retention by size ({nameof(TopicSpec.RetentionBytes)})",
            { ProviderSettings.Count: > 0 } => $"the setting '{topic.ProviderSettings.Keys.Order(StringComparer.Ordinal).First()}'",
            _ => null,
        };

        if (fault is not null)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"Provider '{provider.Name}' cannot make topic '{topic.Name}': it does not know {fault}. Leave it out or use another provider.");
        }
    }
}
