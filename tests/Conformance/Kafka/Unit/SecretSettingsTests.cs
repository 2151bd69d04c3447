using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>
/// Every setting that may hold a secret holds one, nobody answers, and what is told of that is searched for it. A setting that is added holds the secret too, until it is
/// named here as harmless. Put a setting into the text of an error or a log line, and this fails.
/// </summary>
[TestClass]
public sealed class SecretSettingsTests
{
    private static readonly string[] Harmless =
    [
        nameof(KafkaProviderOptions.BootstrapServers), nameof(KafkaProviderOptions.ClientId), nameof(KafkaSecurityOptions.Username), nameof(KafkaSecurityOptions.CaLocation),
        nameof(KafkaSecurityOptions.CertificateLocation), nameof(KafkaSecurityOptions.KeyLocation),
    ];

    [TestMethod]
    public async Task What_is_told_of_a_cluster_that_does_not_answer_holds_no_secret()
    {
        NativeClient.Require();
        await using var watch = new CanaryWatch();
        var options = Options(watch, KafkaSecurityProtocol.SaslSsl);
        var filled = watch.PutInto(options, Harmless);
        watch.Look("faults", options.Faults());
        options.Security.KeyPassword = null;
        options.ConfigureProducer = config => config.Set("ssl.key.password", watch.Secret);

        CollectionAssert.IsSubsetOf(new[] { "Security.Password", "Security.KeyPassword" }, filled.ToArray());
        await using (var provider = new KafkaProvider(options, logger: watch))
        {
            await LookAtFailureAsync(watch, "a send", async () =>
            {
                await using var producer = await provider.OpenProducerAsync("t");
                await producer.SendAsync(new StreamRecord(default, new byte[] { 1 }));
            });
            await LookAtFailureAsync(watch, "a read", async () =>
            {
                await using var consumer = await provider.OpenConsumerAsync("t", new StreamConsumerOptions { Group = "g" });
                await consumer.CommitAsync([new StreamPosition(0, 0)]);
            });
            await LookAtFailureAsync(watch, "administration", async () => await provider.Admin.ListTopicsAsync());
            watch.Look("health", (await provider.CheckHealthAsync()).ToString());
            watch.Look("health", (await provider.CheckHealthAsync()).Warnings);
            watch.Look("texts", $"{options} {options.Security} {provider} {provider.Capabilities}");
        }

        watch.Observe();
        Assert.IsGreaterThan(10, watch.Looked);
        Assert.IsEmpty(watch.Leaks, string.Join("; ", watch.Leaks));
    }

    [TestMethod]
    public async Task What_is_wrong_with_settings_is_told_without_their_secrets()
    {
        await using var watch = new CanaryWatch();
        var options = Options(watch, KafkaSecurityProtocol.Plaintext);
        watch.PutInto(options, Harmless);
        options.Security.CaLocation = "/nowhere";
        options.Settings["no.such.setting"] = watch.Secret;

        watch.Look("faults", options.Faults());
        watch.Look("the refusal", Assert.Throws<StreamException>(() => new KafkaProvider(options, logger: watch)));

        Assert.IsEmpty(watch.Leaks, string.Join("; ", watch.Leaks));
    }

    private static KafkaProviderOptions Options(CanaryWatch watch, KafkaSecurityProtocol protocol) => new()
    {
        // Nobody listens on this port.
        BootstrapServers = "127.0.0.1:1",
        OperationTimeout = TimeSpan.FromSeconds(1),
        SendTimeout = TimeSpan.FromSeconds(1),
        Security = { Protocol = protocol, Username = "u", Mechanism = KafkaSaslMechanism.Plain },
        Settings = { ["ssl.keystore.password"] = watch.Secret },
    };

    private static async Task LookAtFailureAsync(CanaryWatch watch, string what, Func<Task> call) =>
        watch.Look(what, await Assert.ThrowsAsync<StreamException>(call, what));
}
