using System.Text;
using Confluent.Kafka;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Our provider before brokers with logins: in with the right credentials, refused as such and at once with others.</summary>
[TestClass]
public sealed class ProviderLoginTests
{
    private static readonly SharedServer<KafkaCluster> Cluster = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { Security = SecurityProtocol.SaslSsl, AccessRules = true }));

    [ClassCleanup]
    public static async Task EndAsync() => await Cluster.DisposeAsync();

    [TestMethod]
    [DataRow(KafkaSaslMechanism.ScramSha256)]
    [DataRow(KafkaSaslMechanism.ScramSha512)]
    [DataRow(KafkaSaslMechanism.Plain)]
    public async Task The_right_password_opens_and_a_wrong_one_is_refused_at_once(KafkaSaslMechanism mechanism)
    {
        var cluster = await Cluster.StartedAsync();
        var topic = $"provider-{mechanism}";
        await cluster.CreateTopicAsync(topic);
        await cluster.AllowAsync(KafkaUser.Alice, topic);
        var wrong = KafkaUser.Alice with { Password = "guessed-5521" };

        await using var provider = cluster.ProviderFor(KafkaUser.Alice, options => options.Security.Mechanism = mechanism);
        await provider.AssertWorksAsync(topic);
        var log = new LogLines();
        await using var stranger = cluster.ProviderFor(wrong, options =>
        {
            options.Security.Mechanism = mechanism;
            options.Settings["debug"] = "security,broker,protocol";
        }, log);
        await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => stranger.OpenProducerAsync(topic).AsTask(), wrong.Password);
        await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => stranger.OpenConsumerAsync(topic, new StreamConsumerOptions()).AsTask(), wrong.Password);
        var health = await stranger.CheckHealthAsync();

        Assert.IsTrue(health is { Alive: true, Ready: false }, health.Description);
        Assert.DoesNotContain(wrong.Password, health.Description);
        Assert.IsNotEmpty(log.Lines);
        Assert.IsEmpty(log.Lines.Where(line => line.Contains(wrong.Password, StringComparison.Ordinal)));
    }

    [TestMethod]
    public async Task Tokens_of_the_callback_open()
    {
        var cluster = await Cluster.StartedAsync();
        await cluster.CreateTopicAsync("provider-token");
        await cluster.AllowAsync(KafkaUser.Alice, "provider-token");
        await using var provider = cluster.ProviderFor(KafkaUser.Alice, options =>
        {
            (options.Security.Username, options.Security.Password, options.Security.Mechanism) = (null, null, KafkaSaslMechanism.OAuthBearer);
            options.Security.TokenProvider = _ => new ValueTask<KafkaToken>(Unsigned(KafkaUser.Alice.Name));
        });

        await provider.AssertWorksAsync("provider-token");
    }

    [TestMethod]
    public async Task A_token_callback_that_fails_is_an_unauthorized_call()
    {
        var cluster = await Cluster.StartedAsync();
        await using var provider = cluster.ProviderFor(KafkaUser.Alice, options =>
        {
            (options.Security.Username, options.Security.Password, options.Security.Mechanism) = (null, null, KafkaSaslMechanism.OAuthBearer);
            options.Security.TokenProvider = _ => throw new InvalidOperationException("The identity provider is away.");
        });

        await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => provider.OpenProducerAsync("provider-token").AsTask());
    }

    [TestMethod]
    public async Task What_no_rule_allows_is_refused()
    {
        var cluster = await Cluster.StartedAsync();
        await cluster.CreateTopicAsync("provider-forbidden");
        await using var provider = cluster.ProviderFor();

        await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => provider.OpenProducerAsync("provider-forbidden").AsTask());
        await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => provider.Admin.DescribeTopicAsync("provider-forbidden").AsTask());
        Assert.IsTrue((await provider.CheckHealthAsync()).Ready, "The cluster answers; it is only that topic that is closed.");
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_group_that_no_rule_allows_is_refused_and_reading_alone_is_not(KafkaGroupProtocol protocol)
    {
        var cluster = await Cluster.StartedAsync();
        var topic = $"provider-alone-{protocol}";
        await cluster.CreateTopicAsync(topic);
        await cluster.AllowTopicAsync(KafkaUser.Bob, topic);
        await using var provider = cluster.ProviderFor(KafkaUser.Bob, options => options.GroupProtocol = protocol);

        await provider.AssertWorksAsync(topic);
        await using var member = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = "g" });
        var error = await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => member.ReadAsync(Eventually.Patience).AsTask(), KafkaUser.Bob.Password);
        await Providers.AssertRefusedAsync(StreamErrorKind.Unauthorized, () => provider.Admin.DescribeGroupAsync(topic, "g").AsTask());

        Assert.Contains("'g'", error.Message);
    }

    private static KafkaToken Unsigned(string subject)
    {
        var now = TimeProvider.System.GetUtcNow();
        var expiry = now.AddMinutes(10);
        var claims = $$"""{"sub":"{{subject}}","iat":{{now.ToUnixTimeSeconds()}},"exp":{{expiry.ToUnixTimeSeconds()}}}""";
        return new KafkaToken($"{Base64Url("""{"alg":"none"}""")}.{Base64Url(claims)}.", expiry, subject);
    }

    private static string Base64Url(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
