using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>Opens connections: to the servers that are named, or to the master that the named sentinels know.</summary>
internal static class RedisConnector
{
    public static async Task<RedisClient> ConnectAsync(RedisConnectionOptions options, string purpose, TimeSpan block)
    {
        // Whoever asks first holds a lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        OldResultPool.Close();
        (string Host, int Port)[] servers = options.UsesSentinel
            ? [await FindMasterAsync(options).ConfigureAwait(false)]
            : [.. RedisEndpoints.Parse(options.Endpoints, RedisEndpoints.DefaultPort)];
        var relay = string.IsNullOrEmpty(options.User) || RedisClientSettings.KnowsUsers ? null : new UserRelay(options, servers[0]);
        var settings = RedisClientSettings.Make(options, relay is null ? servers : [("127.0.0.1", relay.Port)], purpose);
        settings.Ssl &= relay is null;
        settings.SyncTimeout += (int)block.TotalMilliseconds;
        RedisClient opened;
        try
        {
            var client = await ConnectionMultiplexer.ConnectAsync(settings).ConfigureAwait(false);
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            opened = new RedisClient(client, relay);
        }
        catch (Exception e) when (RedisErrors.IsOfClient(e))
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (relay is not null)
            {
                await relay.DisposeAsync().ConfigureAwait(false);
            }

            throw await FindReasonAsync(options, servers[0]).ConfigureAwait(false) ?? RedisErrors.Map(e, options);
        }

        if (options.UsesSentinel)
        {
            await RequireMasterAsync(options, opened, servers[0]).ConfigureAwait(false);
        }

        return opened;
    }

    // A server that hung while another one took its place lets us in when it goes on, and does not know yet that it is the master no more.
    private static async ValueTask RequireMasterAsync(RedisConnectionOptions options, RedisClient opened, (string Host, int Port) server)
    {
        StreamException? error;
        try
        {
            error = await FindMasterAsync(options).ConfigureAwait(false) == server
                ? null
                : new StreamException(StreamErrorKind.Transient, $"Redis at {options}: another server became the master meanwhile.");
        }
        catch (StreamException e)
        {
            error = e;
        }

        if (error is not null)
        {
            await opened.DisposeAsync().ConfigureAwait(false);
            throw error;
        }
    }

    // The client tells a refusal from a server that is away in its own words only; the server says it by a code.
    private static async ValueTask<StreamException?> FindReasonAsync(RedisConnectionOptions options, (string Host, int Port) server)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout);
        try
        {
            var stream = await RedisLogin.OpenAsync(options, server, limit.Token).ConfigureAwait(false);
            await stream.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        catch (StreamException e)
        {
            return e;
        }
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
