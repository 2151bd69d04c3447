using System.Collections.Concurrent;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>Reads and describes partitions. Safe for concurrent use.</summary>
internal sealed class RedisReads(RedisConnection connection, RedisKeys keys, RedisWaiter waiter, TimeProvider time)
{
    private const int FirstPage = 16;
    private const int LongestLook = 5000;

    private static readonly RedisScript Describe = RedisScript.Load("describe");
    private static readonly RedisScript Find = RedisScript.Load("find");

    // Partitions of one topic may lie on several servers: a reader passes over the one that does not answer, instead of waiting for it each time.
    private readonly SlowPartitions? _slow = keys.Spread ? new SlowPartitions(connection.Options, time) : null;

    // The server cannot stop at so many bytes, so what records of a partition weighed lately decides how many are asked for.
    private readonly ConcurrentDictionary<(string Topic, int Partition), long> _weights = new();

    public async ValueTask<IReadOnlyList<StreamRecord>> ReadAsync(
        string topic, int partition, UInt128 from, int maxRecords, int maxBytes, CancellationToken cancellationToken)
    {
        var weight = _weights.GetValueOrDefault((topic, partition));
        var count = (int)Math.Clamp(weight == 0 ? FirstPage : (maxBytes / weight) + 1, 1, maxRecords);
        var watch = waiter.FindTail(topic);
        var stamp = watch?.Stamp ?? 0;
        var stream = keys.Partition(topic, partition);
        object[] words = [stream, RedisIds.ToText(from), "+", "COUNT", count];
        var reply = _slow is null
            ? await connection.ExecuteAsync("XRANGE", cancellationToken, words).ConfigureAwait(false)
            : await _slow.AskAsync(topic, partition, SlowPartitions.Patience, () => connection.ExecuteAsync("XRANGE", CancellationToken.None, words), cancellationToken).ConfigureAwait(false);
        var entries = reply.Items();
        var records = new List<StreamRecord>(entries.Length);
        long bytes = 0;
        foreach (var entry in entries)
        {
            if (RedisRecords.Read(entry, partition) is not { } record)
            {
                return records.Count > 0 ? records : throw Foreign(stream, entry);
            }

            bytes += record.SizeBytes;
            if (records.Count > 0 && bytes > maxBytes)
            {
                break;
            }

            records.Add(record);
        }

        if (records.Count > 0)
        {
            _weights[(topic, partition)] = Math.Max(1, bytes / records.Count);
        }

        if (records.Count == entries.Length && entries.Length < count)
        {
            watch?.KnowEnd(partition, records.Count == 0 ? from : records[^1].Position!.Value.Offset + 1, stamp);
        }

        return records;
    }

    /// <exception cref="StreamException">There is no such partition (<see cref="StreamErrorKind.NotFound"/>).</exception>
    public async ValueTask<PartitionStanding> DescribeAsync(string topic, int partition, CancellationToken cancellationToken)
    {
        var reply = _slow is null
            ? await AskAsync(cancellationToken).ConfigureAwait(false)
            : await _slow.AskAsync(topic, partition, SlowPartitions.LongPatience, () => AskAsync(CancellationToken.None), cancellationToken).ConfigureAwait(false);
        if (reply.Items() is not [var begin, var milliseconds, var number, var records, var bytes])
        {
            throw RedisErrors.NoPartition(connection.Options, topic, partition);
        }

        var last = RedisIds.Make((ulong)(long)milliseconds, (ulong)(long)number);
        var bounds = new PartitionBounds(RedisIds.Parse(begin), last + 1);
        return new PartitionStanding(bounds, last, (long)records, (long)bytes);

        ValueTask<RedisResult> AskAsync(CancellationToken token) =>
            connection.EvaluateAsync(Describe, ["", 2, keys.Partition(topic, partition), keys.State(topic, partition)], token);
    }

    /// <summary>Records from there on. The numbers in our ids count them; only where a position lies between two records must the next one be looked up.</summary>
    public async ValueTask<long> CountAsync(string topic, int partition, UInt128 from, CancellationToken cancellationToken)
    {
        var standing = await DescribeAsync(topic, partition, cancellationToken).ConfigureAwait(false);
        if (from <= standing.Bounds.Begin)
        {
            return standing.Records;
        }

        if (from >= standing.Bounds.End)
        {
            return 0;
        }

        var reply = await connection.ExecuteAsync(
            "XRANGE", cancellationToken, keys.Partition(topic, partition), RedisIds.ToText(from), "+", "COUNT", 1).ConfigureAwait(false);
        return reply.Items() is [var entry] && entry.Items() is [var id, ..]
            ? Math.Min(standing.Records, (long)(RedisIds.Lower(standing.Last) - RedisIds.Lower(RedisIds.Parse(id))) + 1)
            : 0;
    }

    public async ValueTask<UInt128?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken)
    {
        object from = "";
        while (true)
        {
            var reply = await connection.EvaluateAsync(
                Find, ["", 2, keys.Partition(topic, partition), keys.Times(topic, partition), timestampUs, from, LongestLook], cancellationToken).ConfigureAwait(false);
            switch (reply.Items())
            {
                case [var found]:
                    return RedisIds.Parse(found);
                case [_, var next]:
                    from = (string?)next ?? "";
                    break;
                default:
                    return null;
            }
        }
    }

    private static StreamException Foreign(RedisKey stream, RedisResult entry)
    {
        var id = entry.Items() is [var first, ..] ? (string?)first : "?";
        return new StreamException(StreamErrorKind.Incompatible,
            $"Entry {id} of the Redis stream '{stream}' is none of ours: somebody else wrote into our key. Remove it (XDEL), or seek behind it.");
    }
}
