namespace DashStream.Providers;

/// <summary>Forces written bytes onto the disk once per interval. Starts with the first append.</summary>
internal sealed class BackgroundSync(TopicCatalog topics, StoreContext store) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task? _loop;

    public void Start()
    {
        if (Volatile.Read(ref _loop) is not null)
        {
            return;
        }

        lock (_gate)
        {
            _loop ??= _stop.IsCancellationRequested ? Task.CompletedTask : LoopAsync();
        }
    }

    /// <summary>Syncs every partition that was written to since the last time.</summary>
    public static void SyncAll(TopicCatalog topics)
    {
        foreach (var topic in topics.Open)
        {
            foreach (var partition in topic.Partitions)
            {
                partition.Writer.SyncIfNeeded();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task? loop;
        lock (_gate)
        {
            _stop.Cancel();
            loop = _loop;
        }

        if (loop is not null)
        {
            await loop.ConfigureAwait(false);
        }

        _stop.Dispose();
    }

    private async Task LoopAsync()
    {
        // Real time: what it protects from is a real power failure.
        using var timer = new PeriodicTimer(store.Options.FsyncInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                SyncOnce();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }

    private void SyncOnce()
    {
        try
        {
            SyncAll(topics);
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            // Never taken back: the system forgets what it could not write, so a later success proves nothing.
            store.Journal.Warn("sync", $"Written records could not be forced onto the disk: {e.Message}");
        }
    }
}
