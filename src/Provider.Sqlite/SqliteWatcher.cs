using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>
/// Notices commits of other processes. The file system says when the write-ahead log was written to; <c>PRAGMA data_version</c> says whether that was
/// a commit. A write is told before its commit can be seen, so after each ring the pragma is asked again at growing intervals, up to the idle one.
/// </summary>
internal sealed class SqliteWatcher(SqliteDatabase database, SqliteSignals signals) : IAsyncDisposable
{
    private static readonly int[] DelaysMs = [1, 2, 4, 8, 16, 32, 64, 128, 500];
    private const int DelayWithoutFileEventsMs = 25;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _rung = new(0);
    private readonly CancellationTokenSource _closing = new();
    private FileSystemWatcher? _files;
    private SqliteSession? _session;
    private Task? _loop;
    private bool _isClosed;
    private int _isRung;

    /// <summary>What keeps waking from being prompt, or null.</summary>
    public string? Warning { get; private set; }

    /// <summary>Begins to watch at the first call: a provider that only writes pays nothing.</summary>
    public void Start()
    {
        if (Volatile.Read(ref _loop) is not null)
        {
            return;
        }

        lock (_gate)
        {
            if (_loop is null && !_isClosed)
            {
                WatchFiles();
                Volatile.Write(ref _loop, WatchAsync(_closing.Token));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task? loop;
        lock (_gate)
        {
            _isClosed = true;
            _closing.Cancel();
            loop = _loop;
        }

        if (loop is not null)
        {
            await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _closing.Dispose();

        _files?.Dispose();
        _session?.Dispose();
        signals.PulseAll();
    }

    private void WatchFiles()
    {
        try
        {
            _files = new FileSystemWatcher(database.Directory, Path.GetFileName(database.WalPath))
            {
                NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.FileName,
            };
            _files.Changed += (_, _) => Ring();
            _files.Created += (_, _) => Ring();
            _files.Error += (_, _) => Ring();
            _files.EnableRaisingEvents = true;
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            _files?.Dispose();
            _files = null;
            Warning = $"File system events are not available for '{database.WalPath}' ({e.Message}); other processes' writes are looked for every "
                + $"{DelayWithoutFileEventsMs} ms instead.";
        }
    }

    private void Ring()
    {
        if (Interlocked.Exchange(ref _isRung, 1) == 0)
        {
            _rung.Release();
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        // Wall time and not the injected clock: this waits for the machine, not for anything in the data.
        await Task.Yield();
        var step = 0;
        var seen = 0L;
        while (!cancellationToken.IsCancellationRequested)
        {
            var delay = _files is null ? Math.Min(DelaysMs[step], DelayWithoutFileEventsMs) : DelaysMs[step];
            if (await _rung.WaitAsync(delay, cancellationToken).ConfigureAwait(false))
            {
                Volatile.Write(ref _isRung, 0);
                step = 0;
            }
            else
            {
                step = Math.Min(step + 1, DelaysMs.Length - 1);
            }

            var version = DataVersion();
            if (version != seen)
            {
                seen = version;
                signals.PulseAll();
            }
        }
    }

    /// <summary>A number that differs after a commit of any other connection; a new one also after a failure, so that those who wait look for themselves.</summary>
    private long DataVersion()
    {
        try
        {
            _session ??= database.OpenReader();
            return _session.Number("PRAGMA data_version") ?? 0;
        }
        catch (SqliteException)
        {
            _session?.Dispose();
            _session = null;
            return -TimeProvider.System.GetTimestamp();
        }
    }
}
