namespace DashStream.Client;

/// <summary>
/// Keeps the sends of a tenant in the order of their calls while some of them wait for permits: each goes on only when the one before it has been handed over
/// or has given up. Tenants do not wait for each other. Thread-safe.
/// </summary>
internal sealed class TenantTurns(int maxWaiting)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task> _last = new(StringComparer.Ordinal);
    private int _count;

    public int Waiting => Volatile.Read(ref _count);

    public bool IsFull => Waiting >= maxWaiting;

    /// <summary>Whether a send of the tenant has to get in line.</summary>
    public bool IsWaitedFor(string tenantId)
    {
        if (Waiting == 0)
        {
            return false;
        }

        lock (_gate)
        {
            return _last.ContainsKey(tenantId);
        }
    }

    /// <summary>The next turn of the tenant; null when too many wait. Whoever gets one leaves it again, whatever happens.</summary>
    public Turn? TryJoin(string tenantId)
    {
        lock (_gate)
        {
            if (_count >= maxWaiting)
            {
                return null;
            }

            var turn = new Turn(this, tenantId, _last.GetValueOrDefault(tenantId, Task.CompletedTask));
            _last[tenantId] = turn.Passed;
            Volatile.Write(ref _count, _count + 1);
            return turn;
        }
    }

    /// <summary>Completes when none of those waits any more that wait now.</summary>
    public Task WhenPassed()
    {
        lock (_gate)
        {
            return _count == 0 ? Task.CompletedTask : Task.WhenAll(_last.Values.ToArray());
        }
    }

    private void End(Turn turn)
    {
        lock (_gate)
        {
            Volatile.Write(ref _count, _count - 1);
            if (_last[turn.TenantId] == turn.Passed)
            {
                _last.Remove(turn.TenantId);
            }
        }
    }

    /// <summary>A place in the line of a tenant.</summary>
    internal sealed class Turn(TenantTurns turns, string tenantId, Task before)
    {
        private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string TenantId => tenantId;

        /// <summary>Completes when everybody before it has gone on or given up.</summary>
        public Task Reached => before;

        public Task Passed => _passed.Task;

        /// <summary>Lets the next one go on, though not before those who were here before.</summary>
        public void Leave()
        {
            if (before.IsCompleted)
            {
                Pass();
            }
            else
            {
                before.ContinueWith(
                    static (_, turn) => ((Turn)turn!).Pass(), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }

        private void Pass()
        {
            turns.End(this);
            _passed.SetResult();
        }
    }
}
