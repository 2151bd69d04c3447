using System.Diagnostics;
using Confluent.Kafka;

namespace DashStream.Bench.Kafka;

/// <summary>The plain client reading as a member of a group, with a commit of what was taken every second, and one at the end.</summary>
internal static class RawConsumer
{
    private static readonly TimeSpan CommitInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Reads so many; returns the time from the first record to the last commit.</summary>
    public static TimeSpan Read(ConsumerConfig config, string topic, int count)
    {
        using var client = new ConsumerBuilder<byte[], byte[]>(config)
            .SetLogHandler((_, _) => { })
            .SetPartitionsAssignedHandler((_, partitions) => partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)))
            .Build();
        client.Subscribe(topic);
        var next = new long[KafkaBroker.Partitions];
        var started = 0L;
        var committed = 0L;
        for (var taken = 0; taken < count;)
        {
            var result = client.Consume(Patience) ?? throw new TimeoutException($"Nothing came from {topic} for {Patience.TotalSeconds:0} s.");
            if (result.IsPartitionEOF)
            {
                continue;
            }

            started = started == 0 ? committed = Stopwatch.GetTimestamp() : started;
            GC.KeepAlive(result.Message.Value);
            next[result.Partition.Value] = result.Offset.Value + 1;
            taken++;
            if ((taken & 0xff) == 0 && Stopwatch.GetElapsedTime(committed) >= CommitInterval)
            {
                Commit(client, topic, next);
                committed = Stopwatch.GetTimestamp();
            }
        }

        Commit(client, topic, next);
        var time = Stopwatch.GetElapsedTime(started);
        client.Close();
        return time;
    }

    private static void Commit(IConsumer<byte[], byte[]> client, string topic, long[] next) =>
        client.Commit(next.Select((offset, partition) => new TopicPartitionOffset(topic, partition, offset)).Where(position => position.Offset.Value > 0));
}
