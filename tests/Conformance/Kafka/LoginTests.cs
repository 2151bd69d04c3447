using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>The fixture with logins, in the clear and over TLS: the right password opens, as far as the access rules go.</summary>
[TestClass]
public sealed class LoginTests
{
    private static readonly SharedServer<KafkaCluster> InTheClear = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { Security = SecurityProtocol.SaslPlaintext, AccessRules = true }));
    private static readonly SharedServer<KafkaCluster> OverTls = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { Security = SecurityProtocol.SaslSsl, AccessRules = true }));

    [ClassCleanup]
    public static async Task EndAsync()
    {
        await InTheClear.DisposeAsync();
        await OverTls.DisposeAsync();
    }

    [TestMethod]
    [DataRow(false, SaslMechanism.ScramSha256)]
    [DataRow(false, SaslMechanism.ScramSha512)]
    [DataRow(false, SaslMechanism.Plain)]
    [DataRow(true, SaslMechanism.ScramSha512)]
    public async Task The_right_password_opens_and_a_wrong_one_does_not(bool tls, SaslMechanism mechanism)
    {
        var cluster = await (tls ? OverTls : InTheClear).StartedAsync();
        var topic = $"login-{mechanism}";
        await cluster.CreateTopicAsync(topic);
        await cluster.AllowAsync(KafkaUser.Alice, topic);

        await RawClient.WriteAsync(cluster.ClientConfig(KafkaUser.Alice, mechanism), topic, "by password");
        var error = await RawClient.RefusalAsync(cluster.ClientConfig(KafkaUser.Alice with { Password = "guessed" }, mechanism));

        await RawClient.AssertHoldsAsync(cluster.ClientConfig(KafkaUser.Alice, mechanism), topic, "by password");
        Assert.AreEqual(ErrorCode.Local_Authentication, error.Code, error.Reason);
    }

    [TestMethod]
    public async Task A_token_opens()
    {
        var cluster = await OverTls.StartedAsync();
        await cluster.CreateTopicAsync("token");
        await cluster.AllowAsync(KafkaUser.Alice, "token");
        var config = cluster.ClientConfig(mechanism: SaslMechanism.OAuthBearer);
        (config.SaslUsername, config.SaslPassword) = (null, null);
        (config.EnableSaslOauthbearerUnsecureJwt, config.SaslOauthbearerConfig) = (true, $"principal={KafkaUser.Alice.Name}");

        await RawClient.WriteAsync(config, "token", "by token");

        await RawClient.AssertHoldsAsync(config, "token", "by token");
    }

    [TestMethod]
    public async Task What_no_rule_allows_is_forbidden_but_to_the_admin()
    {
        var cluster = await InTheClear.StartedAsync();
        await cluster.CreateTopicAsync("forbidden");

        await RawClient.WriteAsync(cluster.ClientConfig(KafkaUser.Admin), "forbidden", "by the admin");
        var error = await Assert.ThrowsExactlyAsync<ProduceException<string, string>>(() => RawClient.WriteAsync(cluster.ClientConfig(), "forbidden", "by alice"));

        Assert.AreEqual(ErrorCode.TopicAuthorizationFailed, error.Error.Code);
    }
}
