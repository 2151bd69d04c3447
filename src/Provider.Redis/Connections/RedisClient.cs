using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>An open client, with the relay that it comes in through, if any.</summary>
internal sealed class RedisClient(ConnectionMultiplexer client, UserRelay? relay) : IAsyncDisposable
{
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
