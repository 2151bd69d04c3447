using System.Net.Security;
using System.Reflection;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>Turns our options into those of the client.</summary>
internal static class RedisClientSettings
{
    private const int FirstRetryMilliseconds = 100;
    private const int LongestRetryMilliseconds = 2000;

    // Client versions before 2.0 know no user.
    private static readonly PropertyInfo? UserProperty = typeof(ConfigurationOptions).GetProperty("User");

    // Versions that speak a newer protocol too are held to the one whose replies all versions give alike.
    private static readonly PropertyInfo? ProtocolProperty = typeof(ConfigurationOptions).GetProperty("Protocol");

    // We never subscribe, and without this the client opens a second connection for it.
    private static readonly HashSet<string> Unused = ["SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE"];

    /// <summary>Whether the client itself can log in as another user than the server's default one.</summary>
    public static bool KnowsUsers => UserProperty is not null;

    public static ConfigurationOptions Make(RedisConnectionOptions options, IEnumerable<(string Host, int Port)> endpoints, string purpose)
    {
        var settings = new ConfigurationOptions
        {
            AbortOnConnectFail = true,
            ClientName = $"dashstream-{purpose}",
            CommandMap = CommandMap.Create(Unused, available: false),
            ConfigurationChannel = "",
            ConnectRetry = 1,
            ConnectTimeout = (int)options.ConnectTimeout.TotalMilliseconds,
            DefaultDatabase = options.Database,
            ReconnectRetryPolicy = new ExponentialRetry(FirstRetryMilliseconds, LongestRetryMilliseconds),
            SyncTimeout = (int)options.CommandTimeout.TotalMilliseconds,
            TieBreaker = "",
        };
        foreach (var (host, port) in endpoints)
        {
            settings.EndPoints.Add(host, port);
        }

        if (!string.IsNullOrEmpty(options.Password))
        {
            settings.Password = options.Password;
        }

        if (!string.IsNullOrEmpty(options.User))
        {
            UserProperty?.SetValue(settings, options.User);
        }

        if (ProtocolProperty is { } protocol)
        {
            protocol.SetValue(settings, Enum.Parse(Nullable.GetUnderlyingType(protocol.PropertyType) ?? protocol.PropertyType, "Resp2"));
        }

        if (options.Tls)
        {
            SetTls(settings, options);
        }

        return settings;
    }

    /// <summary>The same for a connection without the client.</summary>
    public static SslClientAuthenticationOptions MakeTls(RedisConnectionOptions options, string host)
    {
        var tls = new SslClientAuthenticationOptions { TargetHost = string.IsNullOrEmpty(options.TlsHost) ? host : options.TlsHost };
        if (!string.IsNullOrEmpty(options.TlsCaFile))
        {
            var authorities = Authorities(options.TlsCaFile);
            tls.RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsVouchedFor(certificate, authorities, errors);
        }

        if (!string.IsNullOrEmpty(options.TlsCertificateFile))
        {
            tls.ClientCertificates = [X509Certificate2.CreateFromPemFile(options.TlsCertificateFile, options.TlsKeyFile)];
        }

        return tls;
    }

    private static X509Certificate2Collection Authorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities;
    }

    private static void SetTls(ConfigurationOptions settings, RedisConnectionOptions options)
    {
        settings.Ssl = true;
        settings.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        if (!string.IsNullOrEmpty(options.TlsHost))
        {
            settings.SslHost = options.TlsHost;
        }

        if (!string.IsNullOrEmpty(options.TlsCaFile))
        {
            var authorities = Authorities(options.TlsCaFile);
            settings.CertificateValidation += (_, certificate, _, errors) => IsVouchedFor(certificate, authorities, errors);
        }

        if (!string.IsNullOrEmpty(options.TlsCertificateFile))
        {
            var own = X509Certificate2.CreateFromPemFile(options.TlsCertificateFile, options.TlsKeyFile);
            settings.CertificateSelection += (_, _, _, _, _) => own;
        }
    }

    private static bool IsVouchedFor(X509Certificate? certificate, X509Certificate2Collection authorities, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using var shown = new X509Certificate2(certificate);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(shown);
    }
}
