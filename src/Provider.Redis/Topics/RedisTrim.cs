using System.Collections.Concurrent;
using System.Globalization;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>Removes old records, in steps that do not hold the server up. Safe for concurrent use.</summary>
internal sealed class RedisTrim(RedisConnection connection, RedisKeys keys, RedisReads reads, RedisGroupStore groups, RedisProviderOptions options)
{
    private const int EntriesPerStep = 5000;
    private const long NoLimit = -1;

    private static readonly RedisScript Trim = RedisScript.Load("wake", "trim");

    private readonly ConcurrentDictionary<(string Topic, int Partition), string> _heldBack = new();

    /// <summary>Which groups keep retention from removing what it should, as sentences for people.</summary>
    public IReadOnlyList<string> Warnings => [.. _heldBack.OrderBy(static held => held.Key).Select(static held => held.Value)];

    /// <summary>Says no more of topics that are none of these: they were deleted.</summary>
    public void Forget(IReadOnlyCollection<string> topics)
    {
        foreach (var held in _heldBack.Keys.Where(held => !topics.Contains(held.Topic)))
        {
            _heldBack.TryRemove(held, out _);
        }
    }

    /// <summary>Removes everything before that offset; returns how many records went.</summary>
    public ValueTask<long> TrimAsync(string topic, int partition, UInt128 before, CancellationToken cancellationToken) =>
        RunAsync(topic, partition, before, NoLimit, options.ApproximateTrim, cancellationToken);

    /// <summary>Trims each partition of a topic to its limits, but not beyond what its groups have committed; returns how many records went.</summary>
    public async ValueTask<long> ApplyRetentionAsync(TopicSpec spec, long nowUs, CancellationToken cancellationToken)
    {
        if (spec.RetentionAge is null && spec.RetentionBytes is null)
        {
            return 0;
        }

        var states = options.TrimUnread ? [] : await ReadGroupsAsync(spec.Name, cancellationToken).ConfigureAwait(false);
        long removed = 0;
        for (var partition = 0; partition < spec.Partitions; partition++)
        {
            var floor = FindFloor(states, partition);
            removed += await RetainAsync(spec, partition, floor, nowUs, cancellationToken).ConfigureAwait(false);
        }

        return removed;
    }

    private async ValueTask<long> RetainAsync(
        TopicSpec spec, int partition, (UInt128 Offset, string Group)? floor, long nowUs, CancellationToken cancellationToken)
    {
        long removed = 0;
        var isHeld = false;
        var standing = await reads.DescribeAsync(spec.Name, partition, cancellationToken).ConfigureAwait(false);
        if (spec.RetentionAge is { } age && standing.Records > 0)
        {
            var oldestUs = nowUs - (age.Ticks / TimeSpan.TicksPerMicrosecond);
            var before = await reads.FindAsync(spec.Name, partition, oldestUs, cancellationToken).ConfigureAwait(false) ?? standing.Bounds.End;
            isHeld = floor?.Offset < before;
            removed += await RunAsync(
                spec.Name, partition, isHeld ? floor!.Value.Offset : before, NoLimit, options.ApproximateTrim, cancellationToken).ConfigureAwait(false);
        }

        if (spec.RetentionBytes is { } limit && standing.Bytes > limit)
        {
            // The newest record stays, however large.
            var before = floor is { } held && held.Offset < standing.Last ? held.Offset : standing.Last;
            removed += await RunAsync(spec.Name, partition, before, limit, approximate: false, cancellationToken).ConfigureAwait(false);
            var left = await reads.DescribeAsync(spec.Name, partition, cancellationToken).ConfigureAwait(false);
            isHeld |= left.Bytes > limit && before < standing.Last;
        }

        if (isHeld)
        {
            _heldBack[(spec.Name, partition)] = string.Create(CultureInfo.InvariantCulture,
                $"Retention of topic '{spec.Name}', partition {partition}, is held back by group '{floor!.Value.Group}', which has not committed beyond offset {floor.Value.Offset}. Delete the group, or set TrimUnread.");
        }
        else
        {
            _heldBack.TryRemove((spec.Name, partition), out _);
        }

        return removed;
    }

    private async ValueTask<List<(string Group, Dictionary<int, UInt128> Committed)>> ReadGroupsAsync(string topic, CancellationToken cancellationToken)
    {
        var found = new List<(string Group, Dictionary<int, UInt128> Committed)>();
        foreach (var (_, group) in await groups.ListAsync(topic, cancellationToken).ConfigureAwait(false))
        {
            var state = await groups.ReadAsync(topic, group, cancellationToken).ConfigureAwait(false);
            found.Add((group, state.Partitions.Where(static row => row.Committed is not null).ToDictionary(static row => row.Partition, static row => row.Committed!.Value)));
        }

        return found;
    }

    // The first record that a group has not committed; without any commit it is the oldest one.
    private static (UInt128 Offset, string Group)? FindFloor(List<(string Group, Dictionary<int, UInt128> Committed)> states, int partition)
    {
        (UInt128 Offset, string Group)? floor = null;
        foreach (var (group, committed) in states)
        {
            var offset = committed.TryGetValue(partition, out var done) ? done + 1 : 0;
            floor = floor is null || offset < floor.Value.Offset ? (offset, group) : floor;
        }

        return floor;
    }

    private async ValueTask<long> RunAsync(
        string topic, int partition, UInt128 before, long limit, bool approximate, CancellationToken cancellationToken)
    {
        long removed = 0;
        object[] wake = keys.Spread ? [] : [keys.Wake(topic)];
        while (true)
        {
            var reply = (long[]?)await connection.EvaluateAsync(
                Trim,
                [
                    "", 3 + wake.Length, keys.Partition(topic, partition), keys.State(topic, partition), keys.Times(topic, partition), .. wake,
                    RedisIds.ToText(before), limit, EntriesPerStep, approximate ? 1 : 0,
                ],
                cancellationToken).ConfigureAwait(false) ?? [];
            removed += reply[0];
            if (reply[1] == 0)
            {
                return removed;
            }
        }
    }
}
