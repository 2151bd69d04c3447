namespace DashStream.Conformance.Kafka;

/// <summary>
/// The server that the tests of one run share: started by the first that asks, ended when the last holder lets go. The run itself holds it from the assembly's
/// set-up to its clean-up, so that it starts once.
/// </summary>
internal static class KafkaServerFixture
{
    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static Task<KafkaServer>? _server;
    private static int _holders;

    /// <summary>Keeps the server from being ended until the result is disposed. Starts nothing.</summary>
    public static async Task<IAsyncDisposable> HoldAsync()
    {
        await Gate.WaitAsync();
        _holders++;
        Gate.Release();
        return new Hold();
    }

    /// <summary>The server; call while holding it. A start that failed fails every caller the same, at once.</summary>
    public static async Task<KafkaServer> ServerAsync()
    {
        await Gate.WaitAsync();
        try
        {
            if (_holders == 0)
            {
                throw new InvalidOperationException("Nobody holds the server.");
            }

            _server ??= KafkaServer.FindAsync();
        }
        finally
        {
            Gate.Release();
        }

        return await _server;
    }

    /// <summary>What was used, or null when no test asked for a server.</summary>
    public static string? Used => _server is { IsCompletedSuccessfully: true } started ? started.Result.Origin : null;

    private static async ValueTask LetGoAsync()
    {
        await Gate.WaitAsync();
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
            Gate.Release();
        }
    }

    private sealed class Hold : IAsyncDisposable
    {
        private int _disposed;

        public ValueTask DisposeAsync() => Interlocked.Exchange(ref _disposed, 1) == 0 ? LetGoAsync() : ValueTask.CompletedTask;
    }
}
