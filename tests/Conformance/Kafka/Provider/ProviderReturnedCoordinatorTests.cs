using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>A coordinator that was restarted and takes its groups back, from a broker that is up and denies them from then on.</summary>
[TestClass]
public sealed class ProviderReturnedCoordinatorTests
{
    private const string Topic = "returned";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [TestMethod]
    public async Task A_group_is_described_when_its_coordinator_has_come_back()
    {
        await using var cluster = await KafkaCluster.StartAsync(new KafkaClusterOptions
        {
            Nodes = 3,
            Settings = new Dictionary<string, string> { ["leader.imbalance.check.interval.seconds"] = "2" }, // five minutes otherwise
        });
        await using var provider = cluster.ProviderFor();
        await provider.Admin.CreateTopicAsync(new TopicSpec(Topic, 1));
        await using (var producer = await provider.OpenProducerAsync(Topic))
        {
            await new LoadAccount(5, keys: 1).SendAllAsync(producer);
        }

        await provider.Admin.ResetGroupAsync(Topic, "g", partition: null, SeekTarget.At(4));
        var coordinator = await cluster.CoordinatorAsync($"g@{Topic}");
        await coordinator.StopAsync();
        var before = await provider.Admin.DescribeGroupAsync(Topic, "g").AsTask().WaitAsync(Bound);

        await coordinator.StartAsync(nodes: 3);
        await Eventually.TrueAsync(() => CoordinatesAsync(cluster, coordinator), "the former coordinator to be it again");
        var after = await provider.Admin.DescribeGroupAsync(Topic, "g").AsTask().WaitAsync(Bound);

        Assert.AreEqual((UInt128)3, before!.Partitions[0].Committed);
        Assert.AreEqual((UInt128)3, after!.Partitions[0].Committed);
    }

    // A client that was open before may go on asking the one that it knows.
    private static async Task<bool> CoordinatesAsync(KafkaCluster cluster, KafkaNode node)
    {
        using var admin = new AdminClientBuilder(cluster.ClientConfig()).SetLogHandler((_, _) => { }).Build();
        try
        {
            return (await admin.DescribeConsumerGroupsAsync([$"g@{Topic}"])).ConsumerGroupDescriptions[0].Coordinator.Id == node.Id;
        }
        catch (KafkaException)
        {
            return false;
        }
    }
}
