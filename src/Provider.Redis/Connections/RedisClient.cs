using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>An open client, with the relay that it comes in through, if any.</summary>
internal sealed class RedisClient(ConnectionMultiplexer client, UserRelay? relay) : IAsyncDisposable
{
    /// <summary>Whether the server is several, of which one may be away alone.</summary>
    public bool IsCluster { get; } = client.GetEndPoints().Any(endpoint => client.GetServer(endpoint).ServerType == ServerType.Cluster);

    /// <summary>Whether any server is there.</summary>
    public bool IsConnected => client.IsConnected;

    public IDatabase Database => client.GetDatabase();

    public async ValueTask DisposeAsync()
    {
        await client.CloseAsync(allowCommandsToComplete: false).ConfigureAwait(false);
        client.Dispose();
        if (relay is not null)
        {
            await relay.DisposeAsync().ConfigureAwait(false);
        }
    }
}
