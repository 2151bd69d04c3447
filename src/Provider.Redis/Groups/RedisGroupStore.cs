using System.Globalization;
using DashStream.Stores;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>Group documents, fences and commits: one hash a group. Each change is one script. Safe for concurrent use.</summary>
internal sealed class RedisGroupStore(RedisConnection connection, RedisKeys keys, RedisWaiter waiter, GroupFigures figures) : IGroupStore
{
    private const string FenceField = "fence:";
    private const string CommittedField = "committed:";

    private static readonly RedisScript ReadScript = RedisScript.Load("group-read");
    private static readonly RedisScript ReplaceScript = RedisScript.Load("wake", "group-replace");
    private static readonly RedisScript CommitScript = RedisScript.Load("group-commit");
    private static readonly RedisScript DeleteScript = RedisScript.Load("wake", "group-delete");

    public async ValueTask<GroupState> ReadAsync(string topic, string group, CancellationToken cancellationToken)
    {
        var reply = (await connection.EvaluateAsync(ReadScript, ["", 1, keys.Group(topic, group)], cancellationToken).ConfigureAwait(false)).Items();
        var now = (long[]?)reply[0] ?? [];
        var fields = reply[1].Items();
        var version = 0L;
        var document = Array.Empty<byte>();
        var rows = new SortedDictionary<int, PartitionCommit>();
        for (var i = 0; i + 1 < fields.Length; i += 2)
        {
            switch ((string?)fields[i])
            {
                case "version":
                    version = (long)fields[i + 1];
                    break;
                case "document":
                    document = (byte[]?)fields[i + 1] ?? [];
                    break;
                case { } name when TryFindRow(rows, name, FenceField, out var row):
                    rows[row.Partition] = row with { Fence = (long)fields[i + 1] };
                    break;
                case { } name when TryFindRow(rows, name, CommittedField, out var row):
                    rows[row.Partition] = row with { Committed = RedisIds.Parse(fields[i + 1]) };
                    break;
            }
        }

        return new GroupState(version, document, [.. rows.Values], (now[0] * 1_000_000) + now[1]);
    }

    public ValueTask<bool> TryReplaceAsync(string topic, string group, long expectedVersion, ReadOnlyMemory<byte> document,
        IReadOnlyList<PartitionFence> fences, CancellationToken cancellationToken)
    {
        var words = Change(topic, group, expectedVersion, "document", document.ToArray());
        foreach (var fence in fences)
        {
            words.Add(Field(FenceField, fence.Partition));
            words.Add(fence.Fence);
        }

        return IsDoneAsync(connection.EvaluateAsync(ReplaceScript, [.. words], cancellationToken));
    }

    public async ValueTask<IReadOnlyList<bool>> CommitAsync(string topic, string group, IReadOnlyList<FencedCommit> commits, CancellationToken cancellationToken)
    {
        var words = new List<object> { "", 1, keys.Group(topic, group) };
        foreach (var commit in commits)
        {
            words.Add(commit.Partition);
            words.Add(commit.Fence);
            words.Add(RedisIds.ToText(commit.Offset));
        }

        var reply = await connection.EvaluateAsync(CommitScript, [.. words], cancellationToken).ConfigureAwait(false);
        bool[] held = [.. ((int[]?)reply ?? []).Select(static held => held == 1)];
        foreach (var (commit, _) in commits.Zip(held).Where(static pair => pair.Second))
        {
            figures.NoteCommitted(topic, group, commit.Partition, commit.Fence, commit.Offset);
        }

        return held;
    }

    public void NoteDelivered(string topic, string group, string member, IReadOnlyList<StreamRecord> records, Func<int, long> fenceOf) =>
        figures.NoteDelivered(topic, group, member, records, fenceOf);

    public async ValueTask<bool> TryResetAsync(string topic, string group, long expectedVersion, IReadOnlyList<PartitionReset> resets, CancellationToken cancellationToken)
    {
        var words = Change(topic, group, expectedVersion, "reset", "");
        foreach (var reset in resets)
        {
            words.Add(Field(CommittedField, reset.Partition));
            words.Add(reset.Committed is { } committed ? RedisIds.ToText(committed) : "");
        }

        if (!await IsDoneAsync(connection.EvaluateAsync(ReplaceScript, [.. words], cancellationToken)).ConfigureAwait(false))
        {
            return false;
        }

        await figures.RestartAsync(
            topic, group, [.. resets.Select(static reset => (reset.Partition, reset.Committed))], keep: true, cancellationToken).ConfigureAwait(false);
        return true;
    }

    public ValueTask WaitForChangeAsync(string topic, string group, long version, TimeSpan atMost, CancellationToken cancellationToken) =>
        waiter.WaitForGroupAsync(
            topic,
            group,
            async () => ((long?)await connection.ExecuteAsync("HGET", cancellationToken, keys.Group(topic, group), "version").ConfigureAwait(false) ?? 0) != version,
            atMost,
            cancellationToken);

    public async ValueTask<IReadOnlyList<(string Topic, string Group)>> ListAsync(string? topic, CancellationToken cancellationToken)
    {
        IEnumerable<string> topics = topic is not null
            ? [topic]
            : ((string?[]?)await connection.ExecuteAsync("SMEMBERS", cancellationToken, keys.Topics).ConfigureAwait(false) ?? []).OfType<string>();
        var found = new List<(string Topic, string Group)>();
        foreach (var name in topics)
        {
            var groups = (string?[]?)await connection.ExecuteAsync("SMEMBERS", cancellationToken, keys.Groups(name)).ConfigureAwait(false) ?? [];
            found.AddRange(groups.OfType<string>().Select(group => (name, group)));
        }

        return found;
    }

    public async ValueTask<bool> TryDeleteAsync(string topic, string group, long expectedVersion, CancellationToken cancellationToken)
    {
        object[] words = ["", 3, keys.Group(topic, group), keys.Groups(topic), keys.Wake(topic), group, expectedVersion];
        if (!await IsDoneAsync(connection.EvaluateAsync(DeleteScript, words, cancellationToken)).ConfigureAwait(false))
        {
            return false;
        }

        var partitions = (int?)await connection.ExecuteAsync("HGET", cancellationToken, keys.Topic(topic), "partitions").ConfigureAwait(false) ?? 0;
        (int Partition, UInt128? Committed)[] none = [.. Enumerable.Range(0, partitions).Select(static partition => (partition, (UInt128?)null))];
        await figures.RestartAsync(topic, group, none, keep: false, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private List<object> Change(string topic, string group, long expectedVersion, string what, object document) =>
        ["", 4, keys.Group(topic, group), keys.Topic(topic), keys.Groups(topic), keys.Wake(topic), group, expectedVersion, what, document];

    private static async ValueTask<bool> IsDoneAsync(ValueTask<RedisResult> call) => (int)await call.ConfigureAwait(false) == 1;

    private static string Field(string name, int partition) => name + partition.ToString(CultureInfo.InvariantCulture);

    private static bool TryFindRow(SortedDictionary<int, PartitionCommit> rows, string name, string prefix, out PartitionCommit row)
    {
        row = default;
        if (!name.StartsWith(prefix, StringComparison.Ordinal) || !int.TryParse(name.AsSpan(prefix.Length), CultureInfo.InvariantCulture, out var partition))
        {
            return false;
        }

        row = rows.TryGetValue(partition, out var known) ? known : new PartitionCommit(partition, Fence: 0, Committed: null);
        return true;
    }
}
