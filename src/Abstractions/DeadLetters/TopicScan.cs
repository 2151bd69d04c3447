using System.Runtime.CompilerServices;

namespace DashStream;

/// <summary>Reads what a topic holds at this moment, partition by partition in their order, and ends there although others go on writing. Commits nothing.</summary>
internal sealed class TopicScan(IStreamProvider provider, string topic)
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(250);

    /// <param name="startOf">Where to begin in a partition; null skips it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StreamException">There is no such topic (<see cref="StreamErrorKind.NotFound"/>), or it cannot be read.</exception>
    public async IAsyncEnumerable<StreamRecord> ReadAsync(
        Func<PartitionDescription, SeekTarget?> startOf, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var description = await DescribeAsync(cancellationToken).ConfigureAwait(false);
        foreach (var partition in description.Partitions)
        {
            if (partition.Bounds.Begin == partition.Bounds.End || startOf(partition) is not { } start)
            {
                continue;
            }

            await foreach (var record in ReadAsync(partition.Partition, start, partition.Bounds.End, cancellationToken).ConfigureAwait(false))
            {
                yield return record;
            }
        }
    }

    public async ValueTask<TopicDescription> DescribeAsync(CancellationToken cancellationToken) =>
        await provider.Admin.DescribeTopicAsync(topic, cancellationToken).ConfigureAwait(false)
        ?? throw new StreamException(StreamErrorKind.NotFound, $"There is no topic '{topic}' in this {provider.Name} store.");

    /// <summary>The records of one partition from there to, not including, an offset that the log has reached.</summary>
    /// <exception cref="StreamException">The log does not hold that start, or cannot be read.</exception>
    public async IAsyncEnumerable<StreamRecord> ReadAsync(
        int partition, SeekTarget start, UInt128 end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var options = new StreamConsumerOptions { Partitions = [partition], Start = SeekTarget.Beginning };
        var consumer = await provider.OpenConsumerAsync(topic, options, cancellationToken).ConfigureAwait(false);
        await using (consumer.ConfigureAwait(false))
        {
            if (start != SeekTarget.Beginning)
            {
                await consumer.SeekAsync(partition, start, cancellationToken).ConfigureAwait(false);
            }

            while (true)
            {
                var batch = await consumer.ReadAsync(Wait, cancellationToken).ConfigureAwait(false);
                foreach (var record in batch.Records)
                {
                    if (record.Position!.Value.Offset >= end)
                    {
                        yield break;
                    }

                    yield return record;
                    if (record.Position!.Value.Offset + 1 >= end)
                    {
                        yield break;
                    }
                }

                // The end may lie behind offsets that hold no record.
                if (batch.Records.Count == 0 && await IsAtEndAsync(consumer, partition, end, cancellationToken).ConfigureAwait(false))
                {
                    yield break;
                }
            }
        }
    }

    private static async ValueTask<bool> IsAtEndAsync(IStreamConsumer consumer, int partition, UInt128 end, CancellationToken cancellationToken)
    {
        foreach (var progress in await consumer.GetProgressAsync(cancellationToken).ConfigureAwait(false))
        {
            if (progress.Partition == partition && progress.NextOffset < end)
            {
                return false;
            }
        }

        return true;
    }
}
