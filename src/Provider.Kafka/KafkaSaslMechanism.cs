namespace DashStream.Providers;

/// <summary>How credentials are shown to the brokers.</summary>
public enum KafkaSaslMechanism
{
    /// <summary>User name and password as they are; use it over TLS only.</summary>
    Plain,

    /// <summary>SCRAM-SHA-256: the password never crosses the wire.</summary>
    ScramSha256,

    /// <summary>SCRAM-SHA-512: the password never crosses the wire.</summary>
    ScramSha512,

    /// <summary>OAUTHBEARER: a token from <see cref="KafkaSecurityOptions.TokenProvider"/>, or from librdkafka's own OIDC method by native settings.</summary>
    OAuthBearer,

    /// <summary>Kerberos, set up by native settings (<c>sasl.kerberos.…</c>).</summary>
    Gssapi,
}
