using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>The fixture with TLS: who has a certificate of the cluster's authority comes in, under the name in it.</summary>
[TestClass]
public sealed class TlsTests
{
    private static readonly SharedServer<KafkaCluster> Shared = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { Security = SecurityProtocol.Ssl, RequireClientCertificate = true, AccessRules = true }));

    private KafkaCluster? _cluster;

    private KafkaCluster Cluster => _cluster!;

    [TestInitialize]
    public async Task StartAsync() => _cluster = await Shared.StartedAsync();

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task A_client_certificate_opens(bool encryptedKey)
    {
        var topic = $"opened-{encryptedKey}";
        await Cluster.CreateTopicAsync(topic);
        await Cluster.AllowAsync(KafkaUser.Alice, topic);
        var config = Cluster.ClientConfig();
        if (encryptedKey)
        {
            (config.SslKeyLocation, config.SslKeyPassword) = (Cluster.Certificates!.ClientEncryptedKey, TestCertificates.KeyPassword);
        }

        await RawClient.WriteAsync(config, topic, "by certificate");

        await RawClient.AssertHoldsAsync(config, topic, "by certificate");
    }

    [TestMethod]
    public async Task The_name_in_the_certificate_is_bound_by_the_access_rules()
    {
        await Cluster.CreateTopicAsync("not-hers");

        var error = await Assert.ThrowsExactlyAsync<ProduceException<string, string>>(() => RawClient.WriteAsync(Cluster.ClientConfig(), "not-hers", "no"));

        Assert.AreEqual(ErrorCode.TopicAuthorizationFailed, error.Error.Code);
    }

    [TestMethod]
    public async Task No_certificate_or_another_authoritys_is_refused()
    {
        var without = Cluster.ClientConfig();
        (without.SslCertificateLocation, without.SslKeyLocation) = (null, null);
        var stranger = Cluster.ClientConfig();
        (stranger.SslCertificateLocation, stranger.SslKeyLocation) = (Cluster.Certificates!.StrangerCertificate, Cluster.Certificates.StrangerKey);

        var refusals = new[] { await RawClient.RefusalAsync(without), await RawClient.RefusalAsync(stranger) };

        // Since TLS 1.3 a server looks at the certificate after the client's handshake is over, so the alert comes as a broken connection.
        foreach (var refusal in refusals)
        {
            Assert.Contains(refusal.Code, new[] { ErrorCode.Local_Ssl, ErrorCode.Local_Transport }, refusal.Reason);
            Assert.Contains("certificate", refusal.Reason);
        }
    }

    [TestMethod]
    public async Task A_client_that_trusts_another_authority_turns_away()
    {
        var config = Cluster.ClientConfig();
        config.SslCaLocation = Cluster.Certificates!.OtherAuthority;

        var error = await RawClient.RefusalAsync(config);

        Assert.AreEqual(ErrorCode.Local_Ssl, error.Code, error.Reason);
    }

    [TestMethod]
    public async Task A_certificate_of_another_host_is_noticed()
    {
        await using var cluster = await KafkaCluster.StartAsync(new KafkaClusterOptions { Security = SecurityProtocol.Ssl, CertificateName = "elsewhere.invalid" });

        var error = await RawClient.RefusalAsync(cluster.ClientConfig());

        Assert.AreEqual(ErrorCode.Local_Ssl, error.Code, error.Reason);
    }
}
