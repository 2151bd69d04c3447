using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>What a test asks of the cluster it starts.</summary>
internal sealed class KafkaClusterOptions
{
    /// <summary>Nodes, each broker and controller at once. One or three.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>What the listener for clients speaks. The nodes speak in the clear among themselves.</summary>
    public SecurityProtocol Security { get; init; } = SecurityProtocol.Plaintext;

    /// <summary>Whether a client without a certificate of the cluster's authority is refused. Needs TLS.</summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary>The only name in the servers' certificate; null for the address that they listen on.</summary>
    public string? CertificateName { get; init; }

    /// <summary>Who may log in by SCRAM-SHA-256, SCRAM-SHA-512 and PLAIN. OAUTHBEARER takes any unsigned token.</summary>
    public IReadOnlyList<KafkaUser> Users { get; init; } = [KafkaUser.Alice, KafkaUser.Bob, KafkaUser.Admin];

    /// <summary>Whether everything is forbidden that no access rule allows, except to <see cref="KafkaUser.Admin"/>. Needs users or client certificates.</summary>
    public bool AccessRules { get; init; }

    /// <summary>Whether clients are led through a <see cref="TcpProxy"/> before each node.</summary>
    public bool ThroughProxy { get; init; }

    /// <summary>Further server properties, which win over the fixture's.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public bool IsEncrypted => Security is SecurityProtocol.Ssl or SecurityProtocol.SaslSsl;

    public bool HasLogin => Security is SecurityProtocol.SaslPlaintext or SecurityProtocol.SaslSsl;

    internal void Validate()
    {
        if (Nodes is not (1 or 3))
        {
            throw new ArgumentException($"A cluster has one node or three, not {Nodes}.");
        }

        if (RequireClientCertificate && Security != SecurityProtocol.Ssl)
        {
            throw new ArgumentException("Client certificates need SecurityProtocol.Ssl.");
        }

        if (AccessRules && !HasLogin && !RequireClientCertificate)
        {
            throw new ArgumentException("Access rules need clients with a name: a login or a client certificate.");
        }
    }
}
