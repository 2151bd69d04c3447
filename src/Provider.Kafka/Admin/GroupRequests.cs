using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Providers;

/// <summary>Kafka's requests about groups, by their id at the brokers. Safe for concurrent use.</summary>
internal sealed class GroupRequests(KafkaCluster cluster)
{
    private const string ConsumerType = "consumer";

    private static readonly GroupView Nothing = new([], new Dictionary<TopicPartition, long>());

    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        // Not ListConsumerGroups: librdkafka 2.15.1 frees an error twice there, and takes the process down, when one broker does not answer in time.
        var groups = await cluster.Calls.AskAsync("Listing groups", static (admin, limit) => Task.Run(() => admin.ListGroups(limit)), cancellationToken)
            .ConfigureAwait(false);

        // Groups of the new protocol have no type here. Those of other kinds, such as Connect's, do.
        return [.. groups.Where(static group => group.ProtocolType is ConsumerType or "").Select(static group => group.Group)];
    }

    /// <summary>Members and commits of a group; nothing of either when there is none.</summary>
    /// <param name="id">The group's id at the brokers.</param>
    /// <param name="partitions">Whose commits; null means all.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<GroupView> ViewAsync(string id, List<TopicPartition>? partitions, CancellationToken cancellationToken)
    {
        var members = MembersAsync(id, cancellationToken);
        var committed = partitions is { Count: 0 } ? Nothing.Committed : await CommittedAsync(id, partitions, cancellationToken).ConfigureAwait(false);
        return new GroupView(await members.ConfigureAwait(false), committed);
    }

    /// <summary>Sets commits of a group without members.</summary>
    public Task AlterAsync(string id, List<TopicPartitionOffset> positions, Func<StreamException> atWork, CancellationToken cancellationToken) =>
        ChangeAsync(
            $"Resetting group '{id}'", async (admin, limit) => await admin.AlterConsumerGroupOffsetsAsync(
                [new ConsumerGroupTopicPartitionOffsets(id, positions)], new AlterConsumerGroupOffsetsOptions { RequestTimeout = limit }).ConfigureAwait(false),
            atWork, cancellationToken);

    /// <summary>Forgets some commits of a group.</summary>
    public Task<bool> ForgetAsync(string id, List<TopicPartition> partitions, Func<StreamException> atWork, CancellationToken cancellationToken) =>
        ChangeAsync(
            $"Forgetting commits of group '{id}'", async (admin, limit) => await admin.DeleteConsumerGroupOffsetsAsync(
                id, partitions, new DeleteConsumerGroupOffsetsOptions { RequestTimeout = limit }).ConfigureAwait(false),
            atWork, cancellationToken);

    /// <summary>Deletes a group without members; false when there was none.</summary>
    public Task<bool> DeleteAsync(string id, Func<StreamException> atWork, CancellationToken cancellationToken) =>
        ChangeAsync(
            $"Deleting group '{id}'",
            async (admin, limit) => await admin.DeleteGroupsAsync([id], new DeleteGroupsOptions { RequestTimeout = limit }).ConfigureAwait(false),
            atWork, cancellationToken);

    /// <summary>Deletes a group if it is there and has no members.</summary>
    public async Task TryDeleteAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await DeleteAsync(id, static () => new StreamException(StreamErrorKind.InvalidRequest, "It has members."), cancellationToken).ConfigureAwait(false);
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.InvalidRequest)
        {
            // It has members: when they have left, Kafka removes what holds no commit.
        }
    }

    private async Task<bool> ChangeAsync(
        string what, Func<IAdminClient, TimeSpan, Task> change, Func<StreamException> atWork, CancellationToken cancellationToken)
    {
        try
        {
            return await cluster.Calls.TryAskCoordinatorAsync(
                what,
                async (admin, limit) =>
                {
                    await change(admin, limit).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (KafkaException e) when (ClusterCalls.First(e).Code
            is ErrorCode.NonEmptyGroup or ErrorCode.UnknownMemberId or ErrorCode.GroupSubscribedToTopic or ErrorCode.RebalanceInProgress or ErrorCode.StaleMemberEpoch)
        {
            throw atWork();
        }
        catch (KafkaException e) when (ClusterCalls.First(e).Code == ErrorCode.GroupIdNotFound)
        {
            return false;
        }
        catch (KafkaException e)
        {
            throw cluster.Calls.Failure(what, e);
        }
    }

    private async Task<IReadOnlyList<MemberDescription>> MembersAsync(string id, CancellationToken cancellationToken)
    {
        var what = $"Describing group '{id}'";
        try
        {
            var answer = await cluster.Calls.TryAskCoordinatorAsync(
                what, (admin, limit) => admin.DescribeConsumerGroupsAsync([id], new DescribeConsumerGroupsOptions { RequestTimeout = limit }), cancellationToken)
                .ConfigureAwait(false);
            return answer.ConsumerGroupDescriptions[0].Members;
        }
        catch (KafkaException e) when (ClusterCalls.First(e).Code == ErrorCode.GroupIdNotFound)
        {
            return [];
        }
        catch (KafkaException e)
        {
            throw cluster.Calls.Failure(what, e);
        }
    }

    /// <summary>Commits of a group, as the offsets behind the last records done.</summary>
    public async Task<IReadOnlyDictionary<TopicPartition, long>> CommittedAsync(
        string id, List<TopicPartition>? partitions, CancellationToken cancellationToken)
    {
        var what = $"Asking for commits of group '{id}'";
        try
        {
            var answer = await cluster.Commits(id).TryAskCoordinatorAsync(
                what,
                (admin, limit) => admin.ListConsumerGroupOffsetsAsync(
                    [new ConsumerGroupTopicPartitions(id, partitions)], new ListConsumerGroupOffsetsOptions { RequestTimeout = limit, RequireStableOffsets = true }),
                cancellationToken).ConfigureAwait(false);
            return answer[0].Partitions.Where(static found => found.Offset.Value >= 0).ToDictionary(static found => found.TopicPartition, static found => found.Offset.Value);
        }
        catch (KafkaException e) when (ClusterCalls.First(e).Code is ErrorCode.GroupIdNotFound or ErrorCode.UnknownTopicOrPart)
        {
            return Nothing.Committed;
        }
        catch (KafkaException e)
        {
            throw cluster.Calls.Failure(what, e);
        }
    }
}
