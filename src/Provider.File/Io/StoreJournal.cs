namespace DashStream.Providers;

/// <summary>What this store found and mended, and what did not work beside the point: for the health report. Bounded. Safe for concurrent use.</summary>
internal sealed class StoreJournal
{
    private const int MostRecoveries = 100;

    private readonly Lock _gate = new();
    private readonly Queue<FileRecovery> _recoveries = new();
    private readonly Dictionary<string, string> _warnings = [];
    private long _count;

    /// <summary>The latest recoveries, oldest first.</summary>
    public IReadOnlyList<FileRecovery> Recoveries
    {
        get
        {
            lock (_gate)
            {
                return [.. _recoveries];
            }
        }
    }

    public void Add(FileRecovery recovery)
    {
        lock (_gate)
        {
            _count++;
            _recoveries.Enqueue(recovery);
            if (_recoveries.Count > MostRecoveries)
            {
                _recoveries.Dequeue();
            }
        }
    }

    /// <summary>Sets the warning about a matter. It stays until the store is closed.</summary>
    public void Warn(string about, string warning)
    {
        lock (_gate)
        {
            _warnings[about] = warning;
        }
    }

    public IReadOnlyList<string> Warnings()
    {
        lock (_gate)
        {
            var older = _count - _recoveries.Count;
            IEnumerable<string> earlier = older > 0 ? [$"{older} earlier recoveries are not listed."] : [];
            return [.. _warnings.Values, .. earlier, .. _recoveries.Select(recovery => recovery.Description)];
        }
    }
}
