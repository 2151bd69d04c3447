using DashStream.Providers;

namespace DashStream.Cli;

/// <summary>
/// What <c>kafka://HOST:PORT[,HOST:PORT]</c> means: the servers are the URI's; security, address family and time-outs come from the environment variables that
/// <see cref="KafkaProviderOptions.FromEnvironment"/> reads. Secrets have no place in a URI, where shells and process lists keep them.
/// </summary>
internal static class KafkaUri
{
    public const string Form = "kafka://HOST:PORT[,HOST:PORT]";

    // Somebody waits in front of a terminal: a wrong address should say so soon. The environment may grant more.
    private static readonly TimeSpan OperationTimeout = TimeSpan.FromSeconds(5);

    // What the import takes, so that topics made by it can hold it.
    private const int MaxRecordBytes = 11 * 1024 * 1024;

    /// <summary>What is wrong with the URI, or null.</summary>
    /// <param name="place">What follows <c>kafka:</c>.</param>
    public static string? FaultOf(string place)
    {
        if (place.Contains('@', StringComparison.Ordinal))
        {
            // Not repeated: what stands before it may be a password.
            return "a kafka URI holds no user and no password; set KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD";
        }

        var servers = ServersOf(place);
        if (servers.Length == 0 || servers.AsSpan().ContainsAny('/', '?', '#'))
        {
            return $"{ProviderFactory.Quoted($"kafka:{place}")} names no servers; write {Form}";
        }

        var faults = new KafkaProviderOptions { BootstrapServers = servers }.Faults().ToList();
        return faults.Count == 0 ? null : $"{ProviderFactory.Quoted($"kafka:{place}")}: {string.Join("; ", faults)}; write {Form}";
    }

    /// <summary>The options of a provider.</summary>
    /// <param name="place">What follows <c>kafka:</c>, without a fault.</param>
    /// <param name="variable">Gives the value of an environment variable, or null.</param>
    /// <exception cref="UsageException">A variable cannot be used.</exception>
    public static KafkaProviderOptions OptionsOf(string place, Func<string, string?> variable)
    {
        try
        {
            // The servers are the URI's alone, so nothing that the environment says of servers can be wrong.
            var options = KafkaEnvironment.Read(name => name is "KAFKA_BROKERS" or "KAFKA_BOOTSTRAP_SERVERS" ? null : variable(name)).Options;
            options.BootstrapServers = ServersOf(place);
            options.CreateMissingTopics = false;
            options.MaxRecordBytes = MaxRecordBytes;
            options.StatisticsInterval = TimeSpan.Zero;
            if ((variable("KAFKA_OPERATION_TIMEOUT_SECS") ?? variable("KAFKA_METADATA_TIMEOUT_SECS")) is null)
            {
                options.OperationTimeout = OperationTimeout;
            }

            return options;
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.InvalidRequest)
        {
            throw new UsageException(e.Message);
        }
    }

    private static string ServersOf(string place) => (place.StartsWith("//", StringComparison.Ordinal) ? place[2..] : place).TrimEnd('/');
}
