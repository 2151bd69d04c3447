namespace DashStream.Client;

/// <summary>
/// Two reasons to pause a partition, kept apart: the user asked for it, or too much of it is pending (a hold). It is read again when neither holds. Thread-safe.
/// </summary>
internal sealed class PauseControl(IStreamConsumer consumer, Assignments assignments)
{
    private readonly Lock _gate = new();
    private readonly HashSet<int> _byUser = [];

    /// <summary>What the user paused.</summary>
    public IReadOnlyList<int> ByUser
    {
        get
        {
            lock (_gate)
            {
                return [.. _byUser.Order()];
            }
        }
    }

    public void Pause(IReadOnlyCollection<int> partitions)
    {
        lock (_gate)
        {
            _byUser.UnionWith(partitions);
            consumer.Pause(partitions);
        }
    }

    public void Resume(IReadOnlyCollection<int> partitions)
    {
        lock (_gate)
        {
            _byUser.ExceptWith(partitions);
            consumer.Resume([.. partitions.Where(partition => assignments.Find(partition) is not { IsHeld: true })]);
        }
    }

    /// <summary>One slow key must not fill the whole budget: its partition waits, the others go on.</summary>
    public void HoldOverfull()
    {
        foreach (var partition in assignments.Owned)
        {
            if (!partition.IsHeld && partition.IsOverfull)
            {
                lock (_gate)
                {
                    partition.IsHeld = true;
                    consumer.Pause([partition.Partition]);
                }

                // Its work may have ended between the look and the hold, and then nothing would end the hold.
                Release(partition);
            }
        }
    }

    /// <summary>Ends a hold once enough is done.</summary>
    public void Release(AssignedPartition partition)
    {
        if (!partition.IsHeld || !partition.HasRoom)
        {
            return;
        }

        lock (_gate)
        {
            EndHold(partition);
        }
    }

    /// <summary>The partition begins anew: no hold, but a user's pause stays.</summary>
    public void Renewed(AssignedPartition old)
    {
        lock (_gate)
        {
            EndHold(old);
        }
    }

    /// <summary>Partitions that left are not paused any more when they come back.</summary>
    public void Forget(IReadOnlyList<int> partitions)
    {
        lock (_gate)
        {
            _byUser.ExceptWith(partitions);
        }
    }

    private void EndHold(AssignedPartition partition)
    {
        if (partition.IsHeld)
        {
            partition.IsHeld = false;
            if (!_byUser.Contains(partition.Partition))
            {
                consumer.Resume([partition.Partition]);
            }
        }
    }
}
