using System.Diagnostics.CodeAnalysis;

namespace DashStream.Providers;

/// <summary>
/// How to be let in. Checked when the provider is made, before anything is sent. An empty text counts as none, as it does to librdkafka. Everything unusual
/// (PEM texts, key stores, OIDC, Kerberos) goes through <see cref="KafkaProviderOptions.Settings"/> by its native name.
/// </summary>
public sealed class KafkaSecurityOptions
{
    // What librdkafka takes for "look where systems keep them".
    private const string ProbeForAuthorities = "probe";

    /// <summary>Protection of the connection. Default: none.</summary>
    public KafkaSecurityProtocol Protocol { get; set; } = KafkaSecurityProtocol.Plaintext;

    /// <summary>File with the certificates that vouch for the brokers (PEM), or a folder of such files. Null: the system's.</summary>
    public string? CaLocation { get; set; }

    /// <summary>File with the client's certificate (PEM). Needs <see cref="KeyLocation"/>.</summary>
    public string? CertificateLocation { get; set; }

    /// <summary>File with the client's private key (PEM). Needs <see cref="CertificateLocation"/>.</summary>
    public string? KeyLocation { get; set; }

    /// <summary>Password of the private key.</summary>
    public string? KeyPassword { get; set; }

    /// <summary>Whether the broker's certificate must name the host that was connected to. Default true; switch off for tests only.</summary>
    public bool VerifyHostName { get; set; } = true;

    /// <summary>How credentials are shown. Required when <see cref="Protocol"/> is a SASL one; there is no default, since a wrong guess shows a password.</summary>
    public KafkaSaslMechanism? Mechanism { get; set; }

    /// <summary>User name for PLAIN and SCRAM.</summary>
    public string? Username { get; set; }

    /// <summary>Password for PLAIN and SCRAM.</summary>
    public string? Password { get; set; }

    /// <summary>Makes tokens for OAUTHBEARER; called whenever a client of the provider needs a fresh one, from any thread. May throw: the attempt is repeated.</summary>
    public Func<CancellationToken, ValueTask<KafkaToken>>? TokenProvider { get; set; }

    internal bool UsesSasl => Protocol is KafkaSecurityProtocol.SaslPlaintext or KafkaSecurityProtocol.SaslSsl;

    internal bool UsesSsl => Protocol is KafkaSecurityProtocol.Ssl or KafkaSecurityProtocol.SaslSsl;

    internal IEnumerable<string> Secrets => new[] { KeyPassword, Password }.OfType<string>().Where(IsGiven);

    /// <summary>Protocol, mechanism and user; never a secret.</summary>
    public override string ToString() => UsesSasl ? $"{Protocol} ({Mechanism}, user {(IsGiven(Username) ? Username : "-")})" : $"{Protocol}";

    /// <summary>Names everything that is wrong. Empty when all is well.</summary>
    public IEnumerable<string> Faults() => SaslFaults().Concat(SslFaults());

    private IEnumerable<string> SaslFaults()
    {
        if (!Enum.IsDefined(Protocol))
        {
            yield return $"{nameof(Protocol)} is {Protocol}; allowed are {string.Join(", ", Enum.GetNames<KafkaSecurityProtocol>())}";
        }

        if (UsesSasl && Mechanism is null)
        {
            yield return $"{nameof(Protocol)} is {Protocol} and {nameof(Mechanism)} is not set; set one of {string.Join(", ", Enum.GetNames<KafkaSaslMechanism>())}";
        }

        if (Mechanism is { } mechanism && !Enum.IsDefined(mechanism))
        {
            yield return $"{nameof(Mechanism)} is {Mechanism}; allowed are {string.Join(", ", Enum.GetNames<KafkaSaslMechanism>())}";
        }

        if (!UsesSasl && (Mechanism is not null || IsGiven(Username) || IsGiven(Password) || TokenProvider is not null))
        {
            yield return $"credentials are set and {nameof(Protocol)} is {Protocol}, which shows none; use {KafkaSecurityProtocol.SaslSsl}";
        }

        if (IsGiven(Username) != IsGiven(Password))
        {
            yield return $"only one of {nameof(Username)} and {nameof(Password)} is set; set both or neither";
        }
        else if (Mechanism is KafkaSaslMechanism.Plain or KafkaSaslMechanism.ScramSha256 or KafkaSaslMechanism.ScramSha512 && UsesSasl && !IsGiven(Username))
        {
            yield return $"{nameof(Mechanism)} is {Mechanism} and {nameof(Username)} and {nameof(Password)} are not set";
        }

        if (TokenProvider is not null && UsesSasl && Mechanism is not KafkaSaslMechanism.OAuthBearer)
        {
            yield return $"{nameof(TokenProvider)} is set and {nameof(Mechanism)} is {Mechanism}; only {KafkaSaslMechanism.OAuthBearer} takes tokens";
        }
    }

    private IEnumerable<string> SslFaults()
    {
        if (!UsesSsl && (IsGiven(CaLocation) || IsGiven(CertificateLocation) || IsGiven(KeyLocation) || IsGiven(KeyPassword)))
        {
            yield return $"certificates are set and {nameof(Protocol)} is {Protocol}, which uses none; use {KafkaSecurityProtocol.Ssl} or {KafkaSecurityProtocol.SaslSsl}";
        }

        if (IsGiven(CertificateLocation) != IsGiven(KeyLocation))
        {
            yield return $"only one of {nameof(CertificateLocation)} and {nameof(KeyLocation)} is set; set both or neither";
        }

        if (IsGiven(KeyPassword) && !IsGiven(KeyLocation))
        {
            yield return $"{nameof(KeyPassword)} is set and {nameof(KeyLocation)} is not";
        }

        if (IsGiven(CaLocation) && CaLocation != ProbeForAuthorities && !File.Exists(CaLocation) && !Directory.Exists(CaLocation))
        {
            yield return $"{nameof(CaLocation)} '{CaLocation}' does not exist";
        }

        foreach (var (name, file) in new[] { (nameof(CertificateLocation), CertificateLocation), (nameof(KeyLocation), KeyLocation) })
        {
            if (IsGiven(file) && !File.Exists(file))
            {
                yield return $"{name} '{file}' is no file that exists";
            }
        }
    }

    internal static bool IsGiven([NotNullWhen(true)] string? text) => !string.IsNullOrEmpty(text);
}
