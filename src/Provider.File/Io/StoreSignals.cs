using System.Collections.Concurrent;
using System.Diagnostics;

namespace DashStream.Providers;

/// <summary>
/// Wakes those who wait for a change of one of the store's small shared files: at once for changes by this store, by the file system's notice for those of
/// other processes, and by a look every now and then where such notices are not to be had. Safe for concurrent use.
/// </summary>
internal sealed class StoreSignals(StoreContext store) : IDisposable
{
    private readonly ConcurrentDictionary<string, Pulse> _pulses = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private FileSystemWatcher? _watcher;
    private bool _settled;

    /// <summary>Wakes those who wait for that file.</summary>
    public void Fire(string file)
    {
        if (_pulses.TryGetValue(file, out var pulse))
        {
            pulse.Fire();
        }
    }

    /// <summary>Returns when <paramref name="changed"/> says so, or after the time. Misses nothing: it starts to listen before it asks.</summary>
    public async ValueTask WaitAsync(string file, Func<bool> changed, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var since = Stopwatch.GetTimestamp();
        var pulse = _pulses.GetOrAdd(file, static _ => new Pulse());
        Watch();
        while (true)
        {
            var next = pulse.Next;
            if (changed())
            {
                return;
            }

            var left = atMost - Stopwatch.GetElapsedTime(since);
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            var pause = left < store.Options.PollInterval ? left : store.Options.PollInterval;
            await next.WaitAsync(pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _settled = true;
            _watcher?.Dispose();
        }

        FireAll();
    }

    private void Watch()
    {
        lock (_gate)
        {
            if (_settled || !Directory.Exists(store.Folder.Ends))
            {
                return;
            }

            _settled = true;
            FileSystemWatcher? watcher = null;
            try
            {
                watcher = new FileSystemWatcher(store.Folder.Ends) { NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.FileName };
                watcher.Changed += (_, change) => Fire(change.Name ?? "");
                watcher.Created += (_, change) => Fire(change.Name ?? "");
                watcher.Deleted += (_, change) => Fire(change.Name ?? "");
                watcher.Renamed += (_, change) => Fire(change.Name ?? "");
                watcher.Error += (_, _) => FireAll();
                watcher.EnableRaisingEvents = true;
                _watcher = watcher;
            }
            catch (Exception e) when (FileErrors.IsForeign(e) || e is ArgumentException)
            {
                watcher?.Dispose();
                store.Journal.Warn("watch",
                    $"'{store.Folder.Ends}' cannot be watched, so appends of other processes are noticed after {store.Options.PollInterval.TotalMilliseconds:0} ms: {e.Message}");
            }
        }
    }

    private void FireAll()
    {
        foreach (var pulse in _pulses.Values)
        {
            pulse.Fire();
        }
    }

    /// <summary>A signal that can be awaited again and again. Costs nothing while nobody waits.</summary>
    private sealed class Pulse
    {
        private TaskCompletionSource? _next;

        public Task Next
        {
            get
            {
                if (Volatile.Read(ref _next) is { } waiting)
                {
                    return waiting.Task;
                }

                var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return (Interlocked.CompareExchange(ref _next, made, null) ?? made).Task;
            }
        }

        public void Fire() => Interlocked.Exchange(ref _next, null)?.TrySetResult();
    }
}
