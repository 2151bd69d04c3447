namespace DashStream.Providers;

/// <summary>
/// From the first write on: finishes what others left half removed, and trims topics to their retention every now and then. Several providers that do so
/// at once do no harm.
/// </summary>
internal sealed class SqliteUpkeep(
    SqliteTrim trim, Func<string, CancellationToken, ValueTask<long>> applyRetentionAsync, TimeSpan interval, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private Task? _loop;
    private bool _isClosed;

    /// <summary>Why the last round failed, or null.</summary>
    public string? Warning { get; private set; }

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
                Volatile.Write(ref _loop, RunAsync(_closing.Token));
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
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (!cancellationToken.IsCancellationRequested)
        {
            Warning = await TryRoundAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(interval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<string?> TryRoundAsync(CancellationToken cancellationToken)
    {
        try
        {
            await trim.SweepAllAsync(cancellationToken).ConfigureAwait(false);
            foreach (var topic in await trim.LimitedTopicsAsync(cancellationToken).ConfigureAwait(false))
            {
                await TryApplyAsync(topic, cancellationToken).ConfigureAwait(false);
            }

            return null;
        }
        catch (StreamException e)
        {
            return $"Removing old records failed and is tried again every {interval}: {e.Message}";
        }
    }

    private async ValueTask TryApplyAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            await applyRetentionAsync(topic, cancellationToken).ConfigureAwait(false);
        }
        catch (StreamException e) when (e.Kind is StreamErrorKind.NotFound)
        {
            // Deleted between the listing and the trimming: nothing is left to do for it.
        }
    }
}
