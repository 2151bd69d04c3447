using System.Collections.Concurrent;
using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Readies the sending client for a topic: batches no larger than the topic takes, and no memory of a deleted topic of that name. Safe for concurrent use.</summary>
internal sealed class ProducerTopics(KafkaCluster cluster, KafkaTopics topics)
{
    // Below this a batch would be little more than one record, and clients for every odd size would cost more than they save.
    private const int SmallestBatchBytes = 16 * 1024;

    private readonly ConcurrentDictionary<string, string> _incarnations = new(StringComparer.Ordinal);

    /// <summary>The client to send with, and the largest batch that the topic takes.</summary>
    public async Task<(IProducer<KafkaSend, byte[]?> Client, long Limit)> PrepareAsync(
        Confluent.Kafka.Admin.TopicDescription topic, CancellationToken cancellationToken)
    {
        var settings = await topics.SettingsAsync(topic.Name, cancellationToken).ConfigureAwait(false);
        var limit = TopicSettings.NumberOf(settings, TopicSettings.MaxMessageBytes) ?? long.MaxValue;
        if (limit < cluster.Options.MaxRecordBytes)
        {
            KafkaLog.TopicTakesLess(cluster.Logger, topic.Name, limit, cluster.Options.MaxRecordBytes);
        }

        var batch = (int)Math.Clamp(limit - NativeConfig.RecordOverhead, SmallestBatchBytes, NativeConfig.StandardBatchBytes);
        var client = cluster.Producer(batch);
        await ForgetEarlierAsync(client, topic, cancellationToken).ConfigureAwait(false);
        return (client, limit);
    }

    // A client remembers how many partitions a topic had for minutes; one that was deleted and made anew may have others.
    private async Task ForgetEarlierAsync(IProducer<KafkaSend, byte[]?> client, Confluent.Kafka.Admin.TopicDescription topic, CancellationToken cancellationToken)
    {
        var incarnation = $"{topic.TopicId}";
        var earlier = _incarnations.GetOrAdd(topic.Name, incarnation);
        if (earlier == incarnation)
        {
            return;
        }

        var limit = cluster.Options.OperationTimeout;
        try
        {
            await Task.Run(
                () =>
                {
                    using var metadata = new DependentAdminClientBuilder(client.Handle).Build();
                    return metadata.GetMetadata(topic.Name, limit);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            throw cluster.Calls.Failure($"Asking for the partitions of topic '{topic.Name}'", e);
        }

        _incarnations[topic.Name] = incarnation;
    }
}
