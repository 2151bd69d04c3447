namespace DashStream.Providers;

/// <summary>Applies retention from time to time, from the first append on. Safe for concurrent use.</summary>
internal sealed class RedisUpkeep(Func<CancellationToken, ValueTask> apply, TimeSpan interval, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private Task? _loop;
    private volatile string? _warning;

    /// <summary>Why the last round failed, or null.</summary>
    public string? Warning => _warning;

    public void Start()
    {
        if (_loop is not null)
        {
            return;
        }

        lock (_gate)
        {
            _loop ??= _stop.IsCancellationRequested ? Task.CompletedTask : RunAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task loop;
        lock (_gate)
        {
            _ = _stop.CancelAsync();
            loop = _loop ??= Task.CompletedTask;
        }

        await loop.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                await RoundAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed: nothing is due any more.
        }
    }

    private async ValueTask RoundAsync()
    {
        try
        {
            await apply(_stop.Token).ConfigureAwait(false);
            _warning = null;
        }
        catch (Exception e) when (e is not OperationCanceledException || !_stop.IsCancellationRequested)
        {
            // Whatever it is, it must not be the last round.
            _warning = $"Retention could not be applied: {e.Message}";
        }
    }
}
