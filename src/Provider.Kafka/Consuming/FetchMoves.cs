using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Where librdkafka is to go on that it has not been told of yet. Guarded by the <see cref="FetchBuffer"/>.</summary>
internal sealed class FetchMoves
{
    private bool _hasAny;

    /// <summary>Goes on elsewhere, and forgets what was fetched.</summary>
    public void MoveTo(FetchedPartition partition, long offset)
    {
        partition.MoveTo(offset);
        _hasAny = true;
    }

    /// <summary>The log no longer holds what was to be fetched next: notes the gap, behind what was fetched before, and goes on at its end. False when it is not so.</summary>
    public bool PassGap(FetchedPartition partition, long to)
    {
        if (!partition.IsFetching || partition.Fetched >= to)
        {
            return false;
        }

        partition.Gaps.Enqueue(new StreamGap(partition.Number, (UInt128)partition.Fetched, (UInt128)to));
        partition.Fetched = to;
        partition.Move = to;
        _hasAny = true;
        return true;
    }

    /// <summary>Has librdkafka go on at the same place once more.</summary>
    public void Retry(FetchedPartition partition)
    {
        if (partition.IsFetching)
        {
            partition.Move = partition.Fetched;
            _hasAny = true;
        }
    }

    /// <summary>The moves of active partitions; librdkafka is to be told of them before it is polled again.</summary>
    public List<TopicPartitionOffset> Take(IReadOnlyList<FetchedPartition> partitions)
    {
        if (!_hasAny)
        {
            return [];
        }

        _hasAny = false;
        var moves = new List<TopicPartitionOffset>();
        foreach (var partition in partitions.Where(static partition => partition is { IsActive: true, Move: not null }))
        {
            moves.Add(new TopicPartitionOffset(partition.Position, partition.Move!.Value));
            partition.Move = null;
        }

        return moves;
    }
}
