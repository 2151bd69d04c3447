using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Providers;

/// <summary>Topics of the cluster. Every call asks it. Safe for concurrent use.</summary>
internal sealed class KafkaTopics(KafkaCluster cluster)
{
    // Brokers learn of a new or deleted topic a moment after the call that made or deleted it has returned.
    private static readonly TimeSpan PropagationPause = TimeSpan.FromMilliseconds(20);

    private const string InternalPrefix = "__";

    /// <summary>What the cluster says of a topic, or null when there is none.</summary>
    public async Task<Confluent.Kafka.Admin.TopicDescription?> FindAsync(string topic, CancellationToken cancellationToken)
    {
        StreamNames.ThrowIfInvalidTopic(topic);
        cluster.ThrowIfDisposed();
        var what = $"Describing topic '{topic}'";
        try
        {
            var answer = await cluster.Calls.TryAskAsync(
                what,
                (admin, limit) => admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = limit }),
                cancellationToken).ConfigureAwait(false);
            return answer.TopicDescriptions[0];
        }
        catch (KafkaException e) when (KafkaErrors.KindOf(ClusterCalls.First(e)) == StreamErrorKind.NotFound)
        {
            return null;
        }
        catch (KafkaException e)
        {
            throw cluster.Calls.Failure(what, e);
        }
    }

    /// <summary>What the cluster says of a topic that must be there.</summary>
    /// <exception cref="StreamException">There is none (<see cref="StreamErrorKind.NotFound"/>).</exception>
    public async Task<Confluent.Kafka.Admin.TopicDescription> RequireAsync(string topic, CancellationToken cancellationToken) =>
        await FindAsync(topic, cancellationToken).ConfigureAwait(false)
        ?? throw new StreamException(StreamErrorKind.NotFound, $"There is no topic '{topic}' at {cluster.Servers}. Create it first.");

    /// <summary>The topic, made with the defaults of the options where it is missing and they allow it.</summary>
    public async Task<Confluent.Kafka.Admin.TopicDescription> EnsureAsync(string topic, CancellationToken cancellationToken)
    {
        var found = await FindAsync(topic, cancellationToken).ConfigureAwait(false);
        if (found is not null)
        {
            return found;
        }

        if (cluster.Options.CreateMissingTopics)
        {
            var spec = new TopicSpec(topic, cluster.Options.DefaultPartitions) { RetentionAge = cluster.Options.DefaultRetention };
            await TryCreateAsync(spec, cancellationToken).ConfigureAwait(false);
        }

        return await RequireAsync(topic, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a topic; false when there is one of that name. Either way waits until it can be used.</summary>
    public async Task<bool> TryCreateAsync(TopicSpec topic, CancellationToken cancellationToken)
    {
        var isNew = true;
        try
        {
            await CreateAsync(topic, cancellationToken).ConfigureAwait(false);
        }
        catch (KafkaException e) when (ClusterCalls.First(e).Code == ErrorCode.TopicAlreadyExists)
        {
            // The controller knows of one that was made a moment ago, and the brokers may not yet.
            isNew = false;
        }
        catch (KafkaException e)
        {
            throw Failure(topic, e);
        }

        await SettleAsync(topic.Name, static found => found is not null && found.Partitions.TrueForAll(static p => p.Leader is { Id: >= 0 }), cancellationToken)
            .ConfigureAwait(false);
        return isNew;
    }

    /// <summary>Deletes a topic and waits until it is gone; false when there was none.</summary>
    public async Task<bool> DeleteAsync(string topic, CancellationToken cancellationToken)
    {
        var what = $"Deleting topic '{topic}'";
        var attempts = 0;
        try
        {
            await cluster.Calls.TryAskAsync(
                what,
                async (admin, limit) =>
                {
                    attempts++;
                    await admin.DeleteTopicsAsync([topic], new DeleteTopicsOptions { RequestTimeout = limit, OperationTimeout = limit }).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (KafkaException e) when (KafkaErrors.KindOf(ClusterCalls.First(e)) == StreamErrorKind.NotFound)
        {
            // Gone when the question was repeated: the first attempt did it, and only its answer was lost.
            return attempts > 1;
        }
        catch (KafkaException e)
        {
            throw cluster.Calls.Failure(what, e);
        }

        await SettleAsync(topic, static found => found is null, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Names of all topics but Kafka's own.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        cluster.ThrowIfDisposed();
        var metadata = await cluster.Calls.AskAsync(
            "Listing topics", static (admin, limit) => Task.Run(() => admin.GetMetadata(limit)), cancellationToken).ConfigureAwait(false);
        return [.. metadata.Topics.Select(static topic => topic.Topic).Where(static name => !name.StartsWith(InternalPrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The topic's settings by name; empty when we may not see them, which costs details and nothing else.</summary>
    public async Task<IReadOnlyDictionary<string, ConfigEntryResult>> SettingsAsync(string topic, CancellationToken cancellationToken)
    {
        var what = $"Reading the settings of topic '{topic}'";
        try
        {
            var answer = await cluster.Calls.TryAskAsync(
                what,
                (admin, limit) => admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Topic, Name = topic }], new DescribeConfigsOptions { RequestTimeout = limit }),
                cancellationToken).ConfigureAwait(false);
            return answer[0].Entries;
        }
        catch (KafkaException e) when (KafkaErrors.KindOf(ClusterCalls.First(e)) is StreamErrorKind.Unauthorized or StreamErrorKind.NotFound)
        {
            return new Dictionary<string, ConfigEntryResult>();
        }
        catch (KafkaException e)
        {
            throw cluster.Calls.Failure(what, e);
        }
    }

    private async Task CreateAsync(TopicSpec topic, CancellationToken cancellationToken)
    {
        try
        {
            await CreateAsync(topic, withConveniences: true, cancellationToken).ConfigureAwait(false);
        }
        catch (KafkaException e) when (ClusterCalls.First(e).Code is ErrorCode.InvalidConfig or ErrorCode.PolicyViolation)
        {
            await CreateAsync(topic, withConveniences: false, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<bool> CreateAsync(TopicSpec topic, bool withConveniences, CancellationToken cancellationToken)
    {
        var specification = TopicSettings.ToKafka(topic, cluster.Options, withConveniences);
        return cluster.Calls.TryAskAsync(
            $"Creating topic '{topic.Name}'",
            async (admin, limit) =>
            {
                await admin.CreateTopicsAsync([specification], new CreateTopicsOptions { RequestTimeout = limit, OperationTimeout = limit }).ConfigureAwait(false);
                return true;
            },
            cancellationToken);
    }

    // What a broker says of a setting it refuses names the setting: nobody could mend the call without it.
    private StreamException Failure(TopicSpec topic, KafkaException error)
    {
        var first = ClusterCalls.First(error);
        return KafkaErrors.KindOf(first) == StreamErrorKind.InvalidRequest
            ? KafkaErrors.Of($"Creating topic '{topic.Name}' at {cluster.Servers}", first, error, $"The brokers say: {first.Reason.TrimEnd('.')}.")
            : cluster.Calls.Failure($"Creating topic '{topic.Name}'", error);
    }

    private async Task SettleAsync(string topic, Func<Confluent.Kafka.Admin.TopicDescription?, bool> settled, CancellationToken cancellationToken)
    {
        var started = cluster.Time.GetTimestamp();
        while (!settled(await FindAsync(topic, cancellationToken).ConfigureAwait(false)) && cluster.Time.GetElapsedTime(started) < cluster.Options.OperationTimeout)
        {
            await Task.Delay(PropagationPause, cluster.Time, cancellationToken).ConfigureAwait(false);
        }
    }
}
