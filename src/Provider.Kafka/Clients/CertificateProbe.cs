using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DashStream.Providers;

/// <summary>
/// Finds out whether a broker refuses our client certificate. TLS 1.3 tells that only after the client's handshake has ended, and librdkafka reports it as a broken
/// connection like any other; so the handshake is done once more here, and who then hangs up instead of answering has refused it.
/// </summary>
internal sealed class CertificateProbe(KafkaProviderOptions options)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private static readonly string[] NativeCertificates = ["ssl.certificate", "ssl.key", "ssl.provider", "ssl.engine"];

    // An ApiVersions request, version 0, without a client id: size, key 18, version, correlation, null string. Every broker answers it before any login.
    private static readonly byte[] Request = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF];

    /// <summary>A probe for these options; null where there is no TLS, or where a certificate may come in by native settings, which are not ours to read.</summary>
    public static CertificateProbe? For(KafkaProviderOptions options)
    {
        var hasHooks = (options.ConfigureProducer ?? options.ConfigureConsumer ?? (Delegate?)options.ConfigureAdmin) is not null;
        var hasNative = options.Settings.Keys.Any(static key => Array.Exists(NativeCertificates, name => key.StartsWith(name, StringComparison.Ordinal)));
        return options.Security.UsesSsl && !hasHooks && !hasNative ? new CertificateProbe(options) : null;
    }

    /// <summary>Whether some broker of the list refuses the certificate, or that there is none. False when that cannot be told.</summary>
    public async Task<bool> IsRefusedAsync(CancellationToken cancellationToken)
    {
        foreach (var (host, port) in BrokerList.Endpoints(options.BootstrapServers))
        {
            if (await IsRefusedByAsync(host, port, cancellationToken).ConfigureAwait(false) is { } refused)
            {
                return refused;
            }
        }

        return false;
    }

    // Null when this broker cannot be asked.
    private async Task<bool?> IsRefusedByAsync(string host, int port, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(host, port, limit.Token).ConfigureAwait(false);
            using var certificate = LoadCertificate();
            await using var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsClientAsync(OptionsFor(host, certificate), limit.Token).ConfigureAwait(false);
            return !await AnswersAsync(tls, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or AuthenticationException or OperationCanceledException or IOException or CryptographicException)
        {
            // Nobody there, or a handshake that fails in a way that librdkafka can tell by itself.
            return null;
        }
    }

    private static async Task<bool> AnswersAsync(SslStream tls, CancellationToken cancellationToken)
    {
        var size = new byte[sizeof(int)];
        try
        {
            await tls.WriteAsync(Request, cancellationToken).ConfigureAwait(false);
            await tls.ReadExactlyAsync(size, cancellationToken).ConfigureAwait(false);
            return BinaryPrimitives.ReadInt32BigEndian(size) > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // Whether we trust the broker is librdkafka's question: nothing that matters is sent here.
    private static SslClientAuthenticationOptions OptionsFor(string host, X509Certificate2? certificate) => new()
    {
        TargetHost = host,
        ClientCertificates = certificate is null ? [] : [certificate],
        LocalCertificateSelectionCallback = (_, _, certificates, _, _) => certificates.Count > 0 ? certificates[0] : null!,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
#pragma warning disable CA5359 // See above: this connection carries no data, and librdkafka verifies the one that does.
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
    };

    private X509Certificate2? LoadCertificate()
    {
        var security = options.Security;
        return security.CertificateLocation is not { Length: > 0 } certificate ? null
            : security.KeyPassword is { Length: > 0 } password ? X509Certificate2.CreateFromEncryptedPemFile(certificate, password, security.KeyLocation)
            : X509Certificate2.CreateFromPemFile(certificate, security.KeyLocation);
    }
}
