using DashStream.Providers;
using Microsoft.Extensions.DependencyInjection;

namespace DashStream.Conformance.Kafka;

/// <summary>What the provider's README shows, as it stands there but for a password and a path.</summary>
[TestClass]
public sealed class ReadmeExampleTests
{
    [TestMethod]
    public async Task Registration_and_security_give_a_provider()
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseKafka("broker:9093", options => options.Security = new KafkaSecurityOptions
        {
            Protocol = KafkaSecurityProtocol.SaslSsl,
            Mechanism = KafkaSaslMechanism.ScramSha512,
            Username = "runs",
            Password = "a password",
        });

        await using var built = services.BuildServiceProvider();

        Assert.AreEqual("kafka", built.GetRequiredService<DashStreamClient>().Provider.Name);
    }

    [TestMethod]
    public void A_preset_can_be_changed()
    {
        var topic = KafkaTopicPresets.Recommended("runs") with { Partitions = 24 };

        Assert.AreEqual((24, "3"), (topic.Partitions, topic.ProviderSettings[KafkaTopicPresets.ReplicationFactor]));
    }
}
