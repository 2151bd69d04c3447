namespace DashStream.Client;

/// <summary>
/// The partitions that are ours, kept in step with the provider's calls. On a revoke: nothing more starts, running handlers get a bounded time, the watermark
/// is committed, then the partition is let go. Thread-safe.
/// </summary>
internal sealed class Assignments(
    Func<int, AssignedPartition> create, Func<CancellationToken, ValueTask> commit, ReadingGate reading, IAssignmentListener? user) : IAssignmentListener
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, AssignedPartition> _owned = [];

    /// <summary>How long a revoke waits for running handlers. A stop lowers it to what is left of its deadline.</summary>
    public TimeSpan Patience { get; set; }

    /// <summary>Told which partitions left.</summary>
    public Action<IReadOnlyList<int>>? Forgotten { get; set; }

    public IReadOnlyList<AssignedPartition> Owned
    {
        get
        {
            lock (_gate)
            {
                return [.. _owned.Values];
            }
        }
    }

    public AssignedPartition? Find(int partition)
    {
        lock (_gate)
        {
            return _owned.GetValueOrDefault(partition);
        }
    }

    /// <summary>Begins a partition anew: what was taken in from it is dropped, and late completions do not count.</summary>
    public AssignedPartition Renew(int partition)
    {
        AssignedPartition? old;
        var fresh = create(partition);
        lock (_gate)
        {
            _owned.Remove(partition, out old);
            _owned.Add(partition, fresh);
        }

        old?.Close();
        return fresh;
    }

    public async ValueTask OnAssignedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        foreach (var partition in partitions)
        {
            Renew(partition);
        }

        if (user is not null)
        {
            await user.OnAssignedAsync(partitions, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask OnRevokedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        var idle = Task.WhenAll(partitions.Select(Find).OfType<AssignedPartition>().Select(partition => partition.StopStarting()));
        await using (await reading.InterruptAsync(cancellationToken).ConfigureAwait(false))
        {
            await idle.WaitAsync(Patience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await commit(cancellationToken).ConfigureAwait(false);
            if (user is not null)
            {
                await user.OnRevokedAsync(partitions, cancellationToken).ConfigureAwait(false);
            }

            Forget(partitions);
        }
    }

    public async ValueTask OnLostAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        await using (await reading.InterruptAsync(cancellationToken).ConfigureAwait(false))
        {
            Forget(partitions);
            if (user is not null)
            {
                await user.OnLostAsync(partitions, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void Forget(IReadOnlyList<int> partitions)
    {
        foreach (var partition in partitions)
        {
            AssignedPartition? old;
            lock (_gate)
            {
                _owned.Remove(partition, out old);
            }

            old?.Close();
        }

        Forgotten?.Invoke(partitions);
    }
}
