namespace DashStream.Providers;

/// <summary>How the connection to the brokers is protected and who vouches for the client.</summary>
public enum KafkaSecurityProtocol
{
    /// <summary>No encryption, no credentials.</summary>
    Plaintext,

    /// <summary>TLS, with a client certificate where the brokers ask for one.</summary>
    Ssl,

    /// <summary>Credentials over an unencrypted connection.</summary>
    SaslPlaintext,

    /// <summary>Credentials over TLS.</summary>
    SaslSsl,
}
