using Confluent.Kafka;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Our provider over TLS: with the right certificates it works, and every other way it is refused as that and at once.</summary>
[TestClass]
public sealed class ProviderTlsTests
{
    private static readonly SharedServer<KafkaCluster> Cluster = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { Security = SecurityProtocol.Ssl, RequireClientCertificate = true }));
    private static readonly SharedServer<KafkaCluster> Misnamed = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { Security = SecurityProtocol.Ssl, CertificateName = "elsewhere.example" }));

    [ClassCleanup]
    public static async Task EndAsync()
    {
        await Cluster.DisposeAsync();
        await Misnamed.DisposeAsync();
    }

    [TestMethod]
    public async Task The_right_certificate_opens()
    {
        var cluster = await Cluster.StartedAsync();
        await cluster.CreateTopicAsync("provider-tls");
        await using var provider = cluster.ProviderFor();

        await provider.AssertWorksAsync("provider-tls");
        Assert.IsTrue((await provider.CheckHealthAsync()).Ready);
    }

    [TestMethod]
    public async Task A_key_with_a_password_opens()
    {
        var cluster = await Cluster.StartedAsync();
        await cluster.CreateTopicAsync("provider-encrypted");
        await using var provider = cluster.ProviderFor(configure: options =>
            (options.Security.KeyLocation, options.Security.KeyPassword) = (cluster.Certificates!.ClientEncryptedKey, TestCertificates.KeyPassword));

        await provider.AssertWorksAsync("provider-encrypted");
    }

    [TestMethod]
    public async Task A_certificate_of_another_authority_is_refused()
    {
        var cluster = await Cluster.StartedAsync();
        await using var provider = cluster.ProviderFor(configure: options =>
            (options.Security.CertificateLocation, options.Security.KeyLocation) = (cluster.Certificates!.StrangerCertificate, cluster.Certificates.StrangerKey));

        await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => provider.OpenProducerAsync("provider-tls").AsTask());
    }

    [TestMethod]
    public async Task No_certificate_is_refused()
    {
        var cluster = await Cluster.StartedAsync();
        await using var provider = cluster.ProviderFor(configure: options => (options.Security.CertificateLocation, options.Security.KeyLocation) = (null, null));

        await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => provider.OpenProducerAsync("provider-tls").AsTask());
    }

    [TestMethod]
    public async Task A_broker_that_is_not_vouched_for_is_refused()
    {
        var cluster = await Cluster.StartedAsync();
        await using var provider = cluster.ProviderFor(configure: options => options.Security.CaLocation = null);

        await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => provider.OpenProducerAsync("provider-tls").AsTask());
    }

    [TestMethod]
    public async Task A_broker_of_another_name_is_refused_unless_names_are_not_checked()
    {
        var cluster = await Misnamed.StartedAsync();
        await cluster.CreateTopicAsync("provider-name");
        await using var strict = cluster.ProviderFor();
        await using var lenient = cluster.ProviderFor(configure: options => options.Security.VerifyHostName = false);

        await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => strict.OpenProducerAsync("provider-name").AsTask());
        await lenient.AssertWorksAsync("provider-name");
    }

    [TestMethod]
    public async Task A_key_that_does_not_open_is_told_without_its_password()
    {
        var cluster = await Cluster.StartedAsync();
        var broken = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(broken, "-----BEGIN PRIVATE KEY-----\nbm9uc2Vuc2U=\n-----END PRIVATE KEY-----\n");
            await using var provider = cluster.ProviderFor(configure: options => (options.Security.KeyLocation, options.Security.KeyPassword) = (broken, "key-secret-881"));

            await Providers.AssertRefusedAsync(StreamErrorKind.InvalidRequest, () => provider.OpenProducerAsync("provider-tls").AsTask(), "key-secret-881");
        }
        finally
        {
            File.Delete(broken);
        }
    }
}
