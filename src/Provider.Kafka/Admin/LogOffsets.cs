using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Providers;

/// <summary>What the log of a partition holds. Every call asks the cluster, many partitions at once. Safe for concurrent use.</summary>
internal sealed class LogOffsets(KafkaCluster cluster)
{
    private const long MicrosecondsPerMillisecond = 1000;

    /// <summary>The bounds of partitions that exist.</summary>
    public async Task<IReadOnlyDictionary<int, LogBounds>> BoundsAsync(string topic, IReadOnlyCollection<int> partitions, CancellationToken cancellationToken)
    {
        if (partitions.Count == 0)
        {
            return new Dictionary<int, LogBounds>();
        }

        var begins = ListAsync(topic, partitions, OffsetSpec.Earliest(), cancellationToken);
        var ends = await ListAsync(topic, partitions, OffsetSpec.Latest(), cancellationToken).ConfigureAwait(false);
        return (await begins.ConfigureAwait(false)).ToDictionary(
            static begin => begin.Key, begin => new LogBounds(begin.Value, Math.Max(begin.Value, ends[begin.Key])));
    }

    /// <summary>The first offset in log order whose record has that time or later, or null when there is none.</summary>
    public async Task<long?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken)
    {
        // Cut as the records' own times are: looking for the very time of a record finds it.
        var milliseconds = timestampUs / MicrosecondsPerMillisecond;
        var found = await ListAsync(topic, [partition], OffsetSpec.ForTimestamp(milliseconds), cancellationToken).ConfigureAwait(false);
        return found[partition] >= 0 ? found[partition] : null;
    }

    /// <summary>Turns a target into an offset.</summary>
    /// <exception cref="StreamException">The log does not hold it (<see cref="StreamErrorKind.OutOfRange"/>).</exception>
    public async Task<long> ResolveAsync(string topic, int partition, SeekTarget target, CancellationToken cancellationToken)
    {
        // Before the search by time: what is appended meanwhile lies behind this end and is not skipped.
        var bounds = (await BoundsAsync(topic, [partition], cancellationToken).ConfigureAwait(false))[partition];
        return target is SeekTarget.TimeTarget time
            ? await FindAsync(topic, partition, time.TimestampUs, cancellationToken).ConfigureAwait(false) ?? bounds.End
            : bounds.Resolve(topic, partition, target);
    }

    private async Task<IReadOnlyDictionary<int, long>> ListAsync(
        string topic, IReadOnlyCollection<int> partitions, OffsetSpec spec, CancellationToken cancellationToken)
    {
        var asked = partitions.Select(partition => new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(topic, partition), OffsetSpec = spec }).ToList();
        var answer = await cluster.Calls.AskAsync(
            $"Asking for offsets of topic '{topic}'",
            async (admin, limit) => WholeOrNone(await admin.ListOffsetsAsync(
                asked, new ListOffsetsOptions { RequestTimeout = limit, IsolationLevel = cluster.Isolation }).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false);
        return answer.ResultInfos.ToDictionary(
            static info => info.TopicPartitionOffsetError.Partition.Value, static info => info.TopicPartitionOffsetError.Offset.Value);
    }

    // librdkafka 2.15.1 asks each leader and drops the error of one that does not answer: all it leaves is an offset that was never set.
    private static ListOffsetsResult WholeOrNone(ListOffsetsResult answer) =>
        answer.ResultInfos.Exists(static info => info.TopicPartitionOffsetError.Offset == Offset.Unset)
            ? throw new KafkaException(new Error(ErrorCode.Local_TimedOut))
            : answer;
}
