using System.Globalization;

namespace DashStream.Providers;

/// <summary>
/// The environment variables of the original, read when asked for and never behind anybody's back. A variable set to the empty string counts as set, as it does
/// there; what cannot be used is an error here, not a silent default.
/// </summary>
/// <param name="Options">Servers, security, address family and time-outs, for a <see cref="KafkaProvider"/>.</param>
/// <param name="Topic"><c>KAFKA_TOPIC</c>, else <c>DASHSTREAM_TOPIC</c>, or null.</param>
/// <param name="TenantId"><c>KAFKA_TENANT_ID</c>, or null.</param>
/// <param name="Partition"><c>KAFKA_PARTITION</c>, or null.</param>
/// <param name="Start"><c>KAFKA_AUTO_OFFSET_RESET</c> (<c>earliest</c> or <c>latest</c>), or null.</param>
public sealed record KafkaEnvironment(KafkaProviderOptions Options, string? Topic, string? TenantId, int? Partition, SeekTarget? Start)
{
    /// <summary>Reads the process's environment.</summary>
    /// <exception cref="StreamException">A variable has a value that cannot be used (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public static KafkaEnvironment Read() => Read(Environment.GetEnvironmentVariable);

    /// <summary>Reads variables from elsewhere.</summary>
    /// <param name="variable">Gives the value of a variable, or null when it is not set.</param>
    /// <exception cref="StreamException">A variable has a value that cannot be used (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public static KafkaEnvironment Read(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        var options = new KafkaProviderOptions();
        options.BootstrapServers = variable("KAFKA_BROKERS") ?? variable("KAFKA_BOOTSTRAP_SERVERS") ?? options.BootstrapServers;
        options.AddressFamily = variable("KAFKA_BROKER_ADDRESS_FAMILY") is { } family ? FamilyOf(family) : options.AddressFamily;
        options.OperationTimeout = Seconds("KAFKA_OPERATION_TIMEOUT_SECS") ?? Seconds("KAFKA_METADATA_TIMEOUT_SECS") ?? options.OperationTimeout;
        ReadSecurity(options.Security, variable);
        options.Validate();
        return new KafkaEnvironment(
            options,
            variable("KAFKA_TOPIC") ?? variable("DASHSTREAM_TOPIC"),
            variable("KAFKA_TENANT_ID"),
            Number("KAFKA_PARTITION"),
            variable("KAFKA_AUTO_OFFSET_RESET") is { } reset ? StartOf(reset) : null);

        int? Number(string name) => variable(name) is not { } text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw Unusable(name, text, "a whole number from 0 on");

        TimeSpan? Seconds(string name) => Number(name) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static void ReadSecurity(KafkaSecurityOptions security, Func<string, string?> variable)
    {
        const string protocol = "KAFKA_SECURITY_PROTOCOL", mechanism = "KAFKA_SASL_MECHANISM", endpoint = "KAFKA_SSL_ENDPOINT_ALGORITHM";
        security.Protocol = variable(protocol) switch
        {
            null or "plaintext" => KafkaSecurityProtocol.Plaintext,
            "ssl" => KafkaSecurityProtocol.Ssl,
            "sasl_plaintext" => KafkaSecurityProtocol.SaslPlaintext,
            "sasl_ssl" => KafkaSecurityProtocol.SaslSsl,
            { } other => throw Unusable(protocol, other, "plaintext, ssl, sasl_plaintext or sasl_ssl"),
        };
        security.Mechanism = variable(mechanism) switch
        {
            null => null,
            "PLAIN" => KafkaSaslMechanism.Plain,
            "SCRAM-SHA-256" => KafkaSaslMechanism.ScramSha256,
            "SCRAM-SHA-512" => KafkaSaslMechanism.ScramSha512,
            "OAUTHBEARER" => KafkaSaslMechanism.OAuthBearer,
            "GSSAPI" => KafkaSaslMechanism.Gssapi,
            { } other => throw Unusable(mechanism, other, "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or GSSAPI"),
        };
        security.Username = variable("KAFKA_SASL_USERNAME");
        security.Password = variable("KAFKA_SASL_PASSWORD");
        security.CaLocation = variable("KAFKA_SSL_CA_LOCATION");
        security.CertificateLocation = variable("KAFKA_SSL_CERTIFICATE_LOCATION");
        security.KeyLocation = variable("KAFKA_SSL_KEY_LOCATION");
        security.KeyPassword = variable("KAFKA_SSL_KEY_PASSWORD");
        security.VerifyHostName = variable(endpoint) switch
        {
            null or "https" => true,
            "none" or "" => false,
            { } other => throw Unusable(endpoint, other, "https, none or empty"),
        };
    }

    private static KafkaAddressFamily FamilyOf(string text) => text.ToUpperInvariant() switch
    {
        "ANY" => KafkaAddressFamily.Any,
        "V4" => KafkaAddressFamily.V4,
        "V6" => KafkaAddressFamily.V6,
        _ => throw Unusable("KAFKA_BROKER_ADDRESS_FAMILY", text, "any, v4 or v6"),
    };

    private static SeekTarget StartOf(string text) => text switch
    {
        "earliest" => SeekTarget.Beginning,
        "latest" => SeekTarget.End,
        _ => throw Unusable("KAFKA_AUTO_OFFSET_RESET", text, "earliest or latest"),
    };

    private static StreamException Unusable(string name, string value, string allowed) =>
        new(StreamErrorKind.InvalidRequest, $"Environment variable {name} is '{value}'; allowed are {allowed}.");
}
