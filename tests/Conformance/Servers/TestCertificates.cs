using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DashStream.Conformance.Servers;

/// <summary>An authority, the servers' certificate and a client's, as PEM files in one folder. Made new for each server or cluster.</summary>
internal sealed class TestCertificates
{
    /// <summary>Opens <see cref="ClientEncryptedKey"/>.</summary>
    public const string KeyPassword = "key-secret-b204";

    /// <summary>The common name of the client certificates.</summary>
    public const string ClientName = "alice";

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private static readonly TimeSpan Life = TimeSpan.FromDays(2);

    private readonly string _folder;

    public TestCertificates(string folder, string? serverName)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        using var authority = MakeAuthority("CN=Test authority");
        using var stranger = MakeAuthority("CN=Another authority");
        File.WriteAllText(Authority, authority.ExportCertificatePem());
        File.WriteAllText(OtherAuthority, stranger.ExportCertificatePem());
        WriteServer(authority, serverName);
        WriteClient(authority, ClientCertificate, ClientKey, ClientEncryptedKey);
        WriteClient(stranger, StrangerCertificate, StrangerKey, encryptedKey: null);
    }

    /// <summary>Whom servers and clients trust.</summary>
    public string Authority => Path.Combine(_folder, "authority.pem");

    /// <summary>Whom nobody trusts.</summary>
    public string OtherAuthority => Path.Combine(_folder, "other-authority.pem");

    /// <summary>The servers' key and certificate, in one file.</summary>
    public string Server => Path.Combine(_folder, "server.pem");

    /// <summary>Of <see cref="ClientName"/>.</summary>
    public string ClientCertificate => Path.Combine(_folder, "client.pem");

    public string ClientKey => Path.Combine(_folder, "client.key");

    /// <summary>The same key under <see cref="KeyPassword"/>.</summary>
    public string ClientEncryptedKey => Path.Combine(_folder, "client-encrypted.key");

    /// <summary>In the name of <see cref="ClientName"/> too, but signed by the other authority.</summary>
    public string StrangerCertificate => Path.Combine(_folder, "stranger.pem");

    public string StrangerKey => Path.Combine(_folder, "stranger.key");

    private void WriteServer(X509Certificate2 authority, string? name)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (name is null)
        {
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("localhost");
        }
        else
        {
            names.AddDnsName(name);
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request($"CN={name ?? "localhost"}", key, ServerAuthentication);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = Sign(request, authority);
        File.WriteAllText(Server, $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n");
    }

    private static void WriteClient(X509Certificate2 authority, string certificateFile, string keyFile, string? encryptedKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Sign(Request($"CN={ClientName}", key, ClientAuthentication), authority);
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        if (encryptedKey is not null)
        {
            var encryption = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 10_000);
            File.WriteAllText(encryptedKey, key.ExportEncryptedPkcs8PrivateKeyPem(KeyPassword, encryption));
        }
    }

    private static X509Certificate2 MakeAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now - Life, now + Life);
    }

    private static CertificateRequest Request(string name, ECDsa key, string use)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        return request;
    }

    private static X509Certificate2 Sign(CertificateRequest request, X509Certificate2 authority) =>
        request.Create(authority, authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(12));
}
