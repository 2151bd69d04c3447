namespace DashStream.Providers;

/// <summary>Looks whether the server keeps what it is given, and says so when it does not.</summary>
internal static class RedisServerCheck
{
    public static async ValueTask<IReadOnlyList<string>> FindWarningsAsync(
        RedisConnection connection, RedisProviderOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> server;
        try
        {
            server = Parse((string?)await connection.ExecuteAsync("INFO", cancellationToken).ConfigureAwait(false) ?? "");
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.Unauthorized)
        {
            return ["The user may not call INFO, so whether the server keeps its data on disk is unknown."];
        }
        catch (StreamException e) when (e.InnerException is StackExchange.Redis.RedisServerException && e.Kind == StreamErrorKind.Fatal)
        {
            // Renamed by whoever runs the server: it answers, so it lives.
            return [$"Redis at {options.Connection} does not know INFO, so whether it keeps its data on disk is unknown."];
        }

        var warnings = new List<string>();
        if (server.GetValueOrDefault("aof_enabled") == "0")
        {
            warnings.Add($"Redis at {options.Connection} runs with 'appendonly no': a restart loses what was sent since its last snapshot. Set 'appendonly yes'.");
        }

        if (server.GetValueOrDefault("aof_last_write_status") is { } status && status != "ok")
        {
            warnings.Add($"Redis at {options.Connection} failed to write its append-only file: check its disk.");
        }

        if (server.GetValueOrDefault("maxmemory_policy") is { } policy && policy.StartsWith("allkeys", StringComparison.Ordinal))
        {
            warnings.Add($"Redis at {options.Connection} evicts keys of any kind when memory is short (maxmemory-policy {policy}): records may vanish. Set 'noeviction'.");
        }

        if (options.MinReplicas > 0 && int.TryParse(server.GetValueOrDefault("connected_slaves"), out var replicas) && replicas < options.MinReplicas)
        {
            warnings.Add($"Redis at {options.Connection} has {replicas} replicas, {nameof(RedisProviderOptions.MinReplicas)} is {options.MinReplicas}: sends wait in vain.");
        }

        return warnings;
    }

    private static Dictionary<string, string> Parse(string text)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                fields[line[..colon]] = line[(colon + 1)..];
            }
        }

        return fields;
    }
}
