namespace DashStream.Conformance.Servers;

/// <summary>
/// A server that the tests of one run share: found by the first that asks, ended when the last holder lets go. The run itself holds it from the assembly's
/// set-up to its clean-up, so that it starts once. Thread-safe.
/// </summary>
internal sealed class ServerHold<TServer>(Func<Task<TServer>> find)
    where TServer : class, IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private Task<TServer>? _server;
    private int _holders;

    /// <summary>The server, or null when no test asked for it or it could not be had.</summary>
    public TServer? Used => _server is { IsCompletedSuccessfully: true } started ? started.Result : null;

    /// <summary>Keeps the server from being ended until the result is disposed. Starts nothing.</summary>
    public async Task<IAsyncDisposable> HoldAsync()
    {
        await _gate.WaitAsync();
        _holders++;
        _gate.Release();
        return new Hold(this);
    }

    /// <summary>The server; call while holding it. A start that failed fails every caller the same, at once.</summary>
    public async Task<TServer> ServerAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_holders == 0)
            {
                throw new InvalidOperationException("Nobody holds the server.");
            }

            _server ??= find();
        }
        finally
        {
            _gate.Release();
        }

        return await _server;
    }

    private async ValueTask LetGoAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (--_holders == 0 && _server is { } started)
            {
                _server = null;
                if (started.IsCompletedSuccessfully)
                {
                    await (await started).DisposeAsync();
                }
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private sealed class Hold(ServerHold<TServer> held) : IAsyncDisposable
    {
        private int _disposed;

        public ValueTask DisposeAsync() => Interlocked.Exchange(ref _disposed, 1) == 0 ? held.LetGoAsync() : ValueTask.CompletedTask;
    }
}
