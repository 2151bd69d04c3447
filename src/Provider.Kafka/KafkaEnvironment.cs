namespace DashStream.Providers;

/// <summary>
/// The environment variables of the original, read when asked for and never behind anybody's back. A variable set to the empty string counts as set, as it does
/// there: servers, protocol and numbers must then be given, while an empty file name, user, password or host name check (<c>KAFKA_SSL_ENDPOINT_ALGORITHM</c>)
/// means none. What cannot be used is an error here, not a silent default.
/// </summary>
/// <param name="Options">Servers, security, address family and time-outs, for a <see cref="KafkaProvider"/>.</param>
/// <param name="Topic"><c>KAFKA_TOPIC</c>, else <c>DASHSTREAM_TOPIC</c>, or null.</param>
/// <param name="TenantId"><c>KAFKA_TENANT_ID</c>, or null.</param>
/// <param name="Partition"><c>KAFKA_PARTITION</c>, or null.</param>
/// <param name="Start"><c>KAFKA_AUTO_OFFSET_RESET</c> (<c>earliest</c> or <c>latest</c>), or null.</param>
public sealed record KafkaEnvironment(KafkaProviderOptions Options, string? Topic, string? TenantId, int? Partition, SeekTarget? Start)
{
    private const string Protocol = "KAFKA_SECURITY_PROTOCOL";
    private const string Mechanism = "KAFKA_SASL_MECHANISM";
    private const int LongestTimeoutSeconds = 600;

    /// <summary>Reads the process's environment.</summary>
    /// <exception cref="StreamException">A variable has a value that cannot be used (<see cref="StreamErrorKind.InvalidRequest"/>); the message names each.</exception>
    public static KafkaEnvironment Read() => Read(Environment.GetEnvironmentVariable);

    /// <summary>Reads variables from elsewhere.</summary>
    /// <param name="variable">Gives the value of a variable, or null when it is not set.</param>
    /// <exception cref="StreamException">A variable has a value that cannot be used (<see cref="StreamErrorKind.InvalidRequest"/>); the message names each.</exception>
    public static KafkaEnvironment Read(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        var reader = new EnvironmentReader(variable);
        var options = new KafkaProviderOptions();
        options.BootstrapServers = reader.Text("KAFKA_BROKERS", "KAFKA_BOOTSTRAP_SERVERS") ?? options.BootstrapServers;
        options.AddressFamily = reader.OneOf("KAFKA_BROKER_ADDRESS_FAMILY", options.AddressFamily, ignoreCase: true,
            ("any", KafkaAddressFamily.Any), ("v4", KafkaAddressFamily.V4), ("v6", KafkaAddressFamily.V6));
        options.OperationTimeout = Seconds("KAFKA_OPERATION_TIMEOUT_SECS", "KAFKA_METADATA_TIMEOUT_SECS") ?? options.OperationTimeout;
        ReadSecurity(options.Security, reader);
        var environment = new KafkaEnvironment(
            options,
            reader.Text("KAFKA_TOPIC", "DASHSTREAM_TOPIC"),
            reader.Text("KAFKA_TENANT_ID"),
            reader.Number("KAFKA_PARTITION", 0, TopicSpec.MaxPartitions - 1),
            reader.OneOf<SeekTarget?>("KAFKA_AUTO_OFFSET_RESET", null, ignoreCase: false, ("earliest", SeekTarget.Beginning), ("latest", SeekTarget.End)));
        ThrowIfFaulty(reader.Faults, options);
        return environment;

        TimeSpan? Seconds(string name, string fallback) =>
            (reader.Number(name, 1, LongestTimeoutSeconds) ?? reader.Number(fallback, 1, LongestTimeoutSeconds)) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static void ReadSecurity(KafkaSecurityOptions security, EnvironmentReader reader)
    {
        security.Protocol = reader.OneOf(Protocol, KafkaSecurityProtocol.Plaintext, ignoreCase: false,
            ("plaintext", KafkaSecurityProtocol.Plaintext), ("ssl", KafkaSecurityProtocol.Ssl),
            ("sasl_plaintext", KafkaSecurityProtocol.SaslPlaintext), ("sasl_ssl", KafkaSecurityProtocol.SaslSsl));
        security.Mechanism = reader.OneOf<KafkaSaslMechanism?>(Mechanism, null, ignoreCase: false,
            ("PLAIN", KafkaSaslMechanism.Plain), ("SCRAM-SHA-256", KafkaSaslMechanism.ScramSha256), ("SCRAM-SHA-512", KafkaSaslMechanism.ScramSha512),
            ("OAUTHBEARER", KafkaSaslMechanism.OAuthBearer), ("GSSAPI", KafkaSaslMechanism.Gssapi));
        security.Username = reader.Text("KAFKA_SASL_USERNAME");
        security.Password = reader.Text("KAFKA_SASL_PASSWORD");
        security.CaLocation = reader.Text("KAFKA_SSL_CA_LOCATION");
        security.CertificateLocation = reader.Text("KAFKA_SSL_CERTIFICATE_LOCATION");
        security.KeyLocation = reader.Text("KAFKA_SSL_KEY_LOCATION");
        security.KeyPassword = reader.Text("KAFKA_SSL_KEY_PASSWORD");
        security.VerifyHostName = reader.OneOf("KAFKA_SSL_ENDPOINT_ALGORITHM", true, ignoreCase: false, ("https", true), ("none", false), ("", false));
    }

    // A protocol or mechanism that was not understood would make everything that depends on it look wrong as well. A token provider can only be given in code.
    private static void ThrowIfFaulty(IReadOnlyList<string> faults, KafkaProviderOptions options)
    {
        var isLoginKnown = !faults.Any(static fault => fault.StartsWith(Protocol, StringComparison.Ordinal) || fault.StartsWith(Mechanism, StringComparison.Ordinal));
        var all = faults.Concat(options.ServerFaults()).Concat(isLoginKnown ? options.Security.Faults() : []).ToList();
        if (all.Count > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"Environment variables for Kafka: {string.Join("; ", all)}.");
        }
    }
}
