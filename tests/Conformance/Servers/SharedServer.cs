namespace DashStream.Conformance.Servers;

/// <summary>A server that the tests of one class share: started by the first that asks. Where it cannot be had each of them is skipped, naming what is missing.</summary>
internal sealed class SharedServer<TServer>(Func<Task<TServer>> start) : IAsyncDisposable
    where TServer : class, IAsyncDisposable
{
    private Task<TServer>? _server;

    /// <summary>The server, started now if it was not. Not for concurrent tests.</summary>
    public Task<TServer> StartedAsync() => _server ??= start();

    public async ValueTask DisposeAsync()
    {
        if (_server is { IsCompletedSuccessfully: true } started)
        {
            await (await started).DisposeAsync();
        }
    }
}
