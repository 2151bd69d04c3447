using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>Opens connections: to the servers that are named, or to the master that the named sentinels know.</summary>
internal static class RedisConnector
{
    public static async Task<ConnectionMultiplexer> ConnectAsync(RedisConnectionOptions options, string purpose, TimeSpan block)
    {
        // Whoever asks first holds a lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (!string.IsNullOrEmpty(options.User) && !RedisClientSettings.KnowsUsers)
        {
            throw new StreamException(StreamErrorKind.Unauthorized,
                $"Redis at {options}: this version of StackExchange.Redis logs in as the server's user 'default' only. Take version 2.0 or newer, or no user.");
        }

        var endpoints = options.UsesSentinel
            ? [await FindMasterAsync(options).ConfigureAwait(false)]
            : RedisEndpoints.Parse(options.Endpoints, RedisEndpoints.DefaultPort).ToArray();
        var settings = RedisClientSettings.Make(options, endpoints, purpose);
        settings.SyncTimeout += (int)block.TotalMilliseconds;
        var client = await ConnectionMultiplexer.ConnectAsync(settings).ConfigureAwait(false);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return client;
    }

    private static async Task<(string Host, int Port)> FindMasterAsync(RedisConnectionOptions options)
    {
        Exception? last = null;
        foreach (var sentinel in RedisEndpoints.Parse(options.Endpoints, RedisEndpoints.SentinelPort))
        {
            try
            {
                if (await AskAsync(options, sentinel).ConfigureAwait(false) is { } master)
                {
                    return master;
                }
            }
            catch (Exception e) when (RedisErrors.IsOfClient(e))
            {
                last = e;
            }
        }

        throw last is null
            ? new StreamException(StreamErrorKind.NotFound, $"Redis at {options}: no sentinel knows a master '{options.SentinelMaster}'.")
            : RedisErrors.Map(last, options);
    }

    private static async Task<(string Host, int Port)?> AskAsync(RedisConnectionOptions options, (string Host, int Port) sentinel)
    {
        var settings = RedisClientSettings.Make(options, [sentinel], "sentinel");
        settings.CommandMap = CommandMap.Sentinel;
        settings.DefaultDatabase = null;
        using var client = await ConnectionMultiplexer.ConnectAsync(settings).ConfigureAwait(false);
        var asked = client.GetServer(sentinel.Host, sentinel.Port).SentinelGetMasterAddressByNameAsync(options.SentinelMaster!);
        return await asked.WaitAsync(options.CommandTimeout).ConfigureAwait(false) switch
        {
            System.Net.IPEndPoint address => (address.Address.ToString(), address.Port),
            System.Net.DnsEndPoint name => (name.Host, name.Port),
            _ => null,
        };
    }
}
