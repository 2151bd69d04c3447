using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Groups as the admin sees them. Safe for concurrent use.</summary>
internal sealed class KafkaGroups(KafkaCluster cluster, LogOffsets offsets)
{
    // A cluster may have thousands of groups, and each costs two requests.
    private const int GroupsAtOnce = 32;

    private readonly GroupNames _names = new(cluster.Options.GroupNaming);
    private readonly GenerationObserver _generations = new(cluster.Time);
    private readonly GroupRequests _requests = new(cluster);

    public async Task<IReadOnlyList<GroupSummary>> ListAsync(string? topic, CancellationToken cancellationToken)
    {
        var ids = await _requests.ListAsync(cancellationToken).ConfigureAwait(false);
        if (_names.ArePerTopic)
        {
            ids = [.. ids.Where(id => _names.TryParse(id, out var of, out _) && (topic is null || of == topic))];
        }

        var found = new List<GroupSummary>();
        foreach (var some in ids.Chunk(GroupsAtOnce))
        {
            var summaries = await Task.WhenAll(some.Select(id => SummarizeAsync(id, topic, cancellationToken))).ConfigureAwait(false);
            found.AddRange(summaries.SelectMany(static summary => summary));
        }

        return
        [
            .. found
                .OrderBy(static summary => summary.Topic, StringComparer.Ordinal)
                .ThenBy(static summary => summary.Group, StringComparer.Ordinal),
        ];
    }

    public async Task<GroupDescription?> DescribeAsync(string topic, int partitions, string group, CancellationToken cancellationToken)
    {
        var id = _names.IdOf(topic, group);
        var view = await _requests.ViewAsync(id, [.. Enumerable.Range(0, partitions).Select(partition => new TopicPartition(topic, partition))], cancellationToken)
            .ConfigureAwait(false);
        var members = view.MembersOf(topic, _names.ArePerTopic);
        if (members.Count == 0 && view.Committed.Count == 0)
        {
            return null;
        }

        var bounds = await offsets.BoundsAsync(topic, [.. Enumerable.Range(0, partitions)], cancellationToken).ConfigureAwait(false);
        var standings = Enumerable.Range(0, partitions).Select(partition =>
        {
            var next = view.Committed.GetValueOrDefault(new TopicPartition(topic, partition), -1);
            var owner = members.FirstOrDefault(member => member.Partitions.Contains(partition))?.Id;
            var (begin, end) = bounds[partition];
            return new GroupPartition(partition, owner, next > 0 ? (UInt128)(next - 1) : null, Math.Max(0, end - Math.Max(begin, next)));
        });
        return new GroupDescription(topic, group, _generations.Of(id, members), members, [.. standings]);
    }

    public async Task ResetAsync(string topic, string group, IReadOnlyList<int> partitions, SeekTarget target, CancellationToken cancellationToken)
    {
        var id = _names.IdOf(topic, group);
        var positions = new List<TopicPartitionOffset>(partitions.Count);
        foreach (var partition in partitions)
        {
            var next = await offsets.ResolveAsync(topic, partition, target, cancellationToken).ConfigureAwait(false);
            positions.Add(new TopicPartitionOffset(topic, partition, next));
        }

        await ThrowIfAtWorkAsync(id, topic, group, "reset", cancellationToken).ConfigureAwait(false);
        await _requests.AlterAsync(id, positions, () => AtWork(topic, group, "reset", "members"), cancellationToken).ConfigureAwait(false);
    }

    public async Task<bool> DeleteAsync(string topic, int partitions, string group, CancellationToken cancellationToken)
    {
        var id = _names.IdOf(topic, group);
        var view = await _requests.ViewAsync(id, null, cancellationToken).ConfigureAwait(false);
        var ours = view.Committed.Keys.Where(position => position.Topic == topic && position.Partition.Value < partitions).ToList();
        var members = view.MembersOf(topic, _names.ArePerTopic);
        if (members.Count == 0 && ours.Count == 0)
        {
            return false;
        }

        if (members.Count > 0)
        {
            throw AtWork(topic, group, "deleted", string.Join(", ", members.Select(static member => member.Id)));
        }

        return ours.Count < view.Committed.Count
            ? await _requests.ForgetAsync(id, ours, () => AtWork(topic, group, "deleted", "members"), cancellationToken).ConfigureAwait(false)
            : await _requests.DeleteAsync(id, () => AtWork(topic, group, "deleted", "members"), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes what is left of the groups of a topic that was deleted. One that still has members ends with them.</summary>
    public async Task DeleteAllAsync(string topic, CancellationToken cancellationToken)
    {
        if (!_names.ArePerTopic)
        {
            return;
        }

        foreach (var id in await _requests.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_names.TryParse(id, out var of, out _) && of == topic)
            {
                await _requests.TryDeleteAsync(id, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<IReadOnlyList<GroupSummary>> SummarizeAsync(string id, string? topic, CancellationToken cancellationToken)
    {
        var view = await _requests.ViewAsync(id, null, cancellationToken).ConfigureAwait(false);
        var topics = _names.TryParse(id, out var of, out var group) ? [of] : view.Topics.Where(name => topic is null || name == topic);
        var summaries = new List<GroupSummary>();
        foreach (var name in topics)
        {
            var members = view.MembersOf(name, _names.ArePerTopic);
            if (members.Count > 0 || view.Committed.Keys.Any(position => position.Topic == name))
            {
                summaries.Add(new GroupSummary(name, group, _generations.Of(id, members), members.Count));
            }
        }

        return summaries;
    }

    private async Task ThrowIfAtWorkAsync(string id, string topic, string group, string what, CancellationToken cancellationToken)
    {
        var view = await _requests.ViewAsync(id, [], cancellationToken).ConfigureAwait(false);
        if (view.Members.Count > 0)
        {
            throw AtWork(topic, group, what, string.Join(", ", view.Members.Select(GroupView.IdOf)));
        }
    }

    private static StreamException AtWork(string topic, string group, string what, string members) => new(StreamErrorKind.InvalidRequest,
        $"Group '{group}' of topic '{topic}' cannot be {what} while members are at work: {members}. Stop them first.");
}
