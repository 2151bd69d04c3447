using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>What is known and fetched ahead of one partition for as long as it is ours. Guarded by its <see cref="FetchBuffer"/>.</summary>
internal sealed class FetchedPartition(TopicPartition position, StartPoint start)
{
    public TopicPartition Position { get; } = position;

    public int Number => Position.Partition.Value;

    /// <summary>Where this reader began: what is not done is counted from here while nothing is committed.</summary>
    public long Start { get; } = start.Offset;

    /// <summary>Where the next read goes on.</summary>
    public long Next { get; set; } = start.Offset;

    /// <summary>Where fetching goes on: behind everything in <see cref="Records"/>.</summary>
    public long Fetched { get; set; } = start.Offset;

    /// <summary>The offset behind the last record that is committed, or -1 without a commit.</summary>
    public long CommittedNext { get; set; } = start.CommittedNext;

    /// <summary>Records fetched ahead, in order.</summary>
    public Queue<FetchedRecord> Records { get; } = new();

    /// <summary>Bytes of them.</summary>
    public long Bytes { get; set; }

    /// <summary>Ranges that the log no longer held; each lies before the records from its end on.</summary>
    public Queue<StreamGap> Gaps { get; } = new();

    /// <summary>Why there is nowhere to go on until somebody seeks, or null.</summary>
    public StreamException? Fault { get; set; } = start.Fault;

    /// <summary>Whether a read has told <see cref="Fault"/>: after that it is told only when there is nothing else to return.</summary>
    public bool FaultTold { get; set; }

    /// <summary>Whether the listener's call about the assignment has ended and none about a revoke has begun.</summary>
    public bool IsActive { get; set; }

    /// <summary>The user wants nothing from it. Fetching ahead goes on within its share.</summary>
    public bool IsPausedByUser { get; set; }

    /// <summary>librdkafka was told to fetch nothing. Written by the poll thread only.</summary>
    public bool IsPausedNatively { get; set; }

    /// <summary>Where librdkafka is to go on, not yet told to it: until then, what it brings is dropped.</summary>
    public long? Move { get; set; }

    public bool IsReadable => IsActive && !IsPausedByUser;

    /// <summary>Whether librdkafka fetches from where it is to.</summary>
    public bool IsFetching => IsActive && Move is null;

    /// <summary>Delivered and not committed.</summary>
    public long Left => Math.Max(0, Next - (CommittedNext >= 0 ? CommittedNext : Start));

    /// <summary>What is known at the start; where the log no longer held what came before it, that is a gap.</summary>
    public static FetchedPartition Begin(string topic, StartPoint start)
    {
        var partition = new FetchedPartition(new TopicPartition(topic, start.Partition), start);
        if (start.GapFrom >= 0)
        {
            partition.Gaps.Enqueue(new StreamGap(start.Partition, (UInt128)start.GapFrom, (UInt128)start.Offset));
            partition.Next = start.GapFrom;
        }

        return partition;
    }

    /// <summary>Takes a fetched record in.</summary>
    public void Add(FetchedRecord record)
    {
        Records.Enqueue(record);
        Fetched = record.Offset + 1;
        Bytes += record.Size;
    }

    /// <summary>Everything up to there was fetched: what lies between the last record and it are no records.</summary>
    public void NoteEnd(long offset)
    {
        if (IsFetching && Fault is null && offset > Fetched)
        {
            Fetched = offset;
            Next = Records.Count == 0 && Gaps.Count == 0 ? offset : Next;
        }
    }

    /// <summary>Drops what was fetched and goes on elsewhere.</summary>
    public void MoveTo(long offset)
    {
        Records.Clear();
        Gaps.Clear();
        Bytes = 0;
        Fault = null;
        Next = Fetched = offset;
        Move = offset;
    }
}
