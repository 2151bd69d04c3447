using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>Group documents and commits in memory. Safe for concurrent use.</summary>
internal sealed class MemoryGroupStore(Func<string, bool> topicExists, TimeProvider time) : IGroupStore
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Topic, string Group), Entry> _groups = [];
    private readonly Dictionary<(string Topic, string Group), TaskCompletionSource> _waiters = [];

    public ValueTask<GroupState> ReadAsync(string topic, string group, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var nowUs = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        lock (_gate)
        {
            return ValueTask.FromResult(_groups.TryGetValue((topic, group), out var entry)
                ? new GroupState(entry.Version, entry.Document, [.. entry.Rows.Values], nowUs)
                : new GroupState(Version: 0, ReadOnlyMemory<byte>.Empty, [], nowUs));
        }
    }

    public ValueTask<bool> TryReplaceAsync(string topic, string group, long expectedVersion, ReadOnlyMemory<byte> document,
        IReadOnlyList<PartitionFence> fences, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (TryChange(topic, group, expectedVersion) is not { } entry)
            {
                return ValueTask.FromResult(false);
            }

            entry.Document = document.ToArray();
            foreach (var fence in fences)
            {
                entry.Rows[fence.Partition] = new PartitionCommit(fence.Partition, fence.Fence, entry.CommittedIn(fence.Partition));
            }

            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<IReadOnlyList<bool>> CommitAsync(
        string topic, string group, IReadOnlyList<FencedCommit> commits, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var held = new bool[commits.Count];
        lock (_gate)
        {
            var entry = _groups.GetValueOrDefault((topic, group));
            for (var i = 0; i < held.Length; i++)
            {
                var commit = commits[i];
                if (entry is null || !entry.Rows.TryGetValue(commit.Partition, out var row) || row.Fence != commit.Fence)
                {
                    continue;
                }

                held[i] = true;
                if (row.Committed is null || commit.Offset > row.Committed)
                {
                    entry.Rows[commit.Partition] = row with { Committed = commit.Offset };
                }
            }
        }

        return ValueTask.FromResult<IReadOnlyList<bool>>(held);
    }

    public ValueTask<bool> TryResetAsync(
        string topic, string group, long expectedVersion, IReadOnlyList<PartitionReset> resets, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (TryChange(topic, group, expectedVersion) is not { } entry)
            {
                return ValueTask.FromResult(false);
            }

            foreach (var reset in resets)
            {
                var fence = entry.Rows.TryGetValue(reset.Partition, out var row) ? row.Fence : 0;
                entry.Rows[reset.Partition] = new PartitionCommit(reset.Partition, fence, reset.Committed);
            }

            return ValueTask.FromResult(true);
        }
    }

    public async ValueTask WaitForChangeAsync(string topic, string group, long version, TimeSpan atMost, CancellationToken cancellationToken)
    {
        TaskCompletionSource? change;
        lock (_gate)
        {
            var now = _groups.TryGetValue((topic, group), out var entry) ? entry.Version : 0;
            if (now != version)
            {
                return;
            }

            if (!_waiters.TryGetValue((topic, group), out change))
            {
                change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiters.Add((topic, group), change);
            }
        }

        var wait = atMost < LongestWait ? atMost : LongestWait;
        await change.Task.WaitAsync(wait, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    public ValueTask<IReadOnlyList<(string Topic, string Group)>> ListAsync(string? topic, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<(string Topic, string Group)>>(
                [.. _groups.Keys.Where(key => topic is null || key.Topic == topic)]);
        }
    }

    public ValueTask<bool> TryDeleteAsync(string topic, string group, long expectedVersion, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var fits = _groups.TryGetValue((topic, group), out var entry) && entry.Version == expectedVersion;
            if (fits)
            {
                Forget((topic, group));
            }

            return ValueTask.FromResult(fits);
        }
    }

    /// <summary>Forgets the groups of a topic that is gone.</summary>
    public void DeleteTopic(string topic)
    {
        lock (_gate)
        {
            foreach (var key in _groups.Keys.Where(key => key.Topic == topic).ToArray())
            {
                Forget(key);
            }
        }
    }

    private Entry? TryChange(string topic, string group, long expectedVersion)
    {
        var key = (topic, group);
        if (!_groups.TryGetValue(key, out var entry))
        {
            if (expectedVersion != 0)
            {
                return null;
            }

            if (!topicExists(topic))
            {
                throw MemoryLogStore.NoTopic(topic);
            }

            _groups.Add(key, entry = new Entry());
        }

        if (entry.Version != expectedVersion)
        {
            return null;
        }

        entry.Version++;
        WakeUp(key);
        return entry;
    }

    private void Forget((string Topic, string Group) key)
    {
        _groups.Remove(key);
        WakeUp(key);
    }

    private void WakeUp((string Topic, string Group) key)
    {
        if (_waiters.Remove(key, out var waiter))
        {
            waiter.TrySetResult();
        }
    }

    private sealed class Entry
    {
        public long Version { get; set; }

        public byte[] Document { get; set; } = [];

        public Dictionary<int, PartitionCommit> Rows { get; } = [];

        public UInt128? CommittedIn(int partition) => Rows.TryGetValue(partition, out var row) ? row.Committed : null;
    }
}
