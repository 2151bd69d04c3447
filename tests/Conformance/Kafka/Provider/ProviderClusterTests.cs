using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Our provider on three nodes.</summary>
[TestClass]
public sealed class ProviderClusterTests
{
    private static readonly SharedServer<KafkaCluster> Shared = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { Nodes = 3 }));

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic, 100_000)]
    [DataRow(KafkaGroupProtocol.Consumer, 50_000)]
    public async Task A_leader_that_dies_and_one_that_hands_over_cost_nothing(KafkaGroupProtocol protocol, int records)
    {
        var cluster = await Shared.StartedAsync();
        KafkaNode? killed = null;
        KafkaNode? stopped = null;

        await KafkaLoad.AssertCostsNothingAsync(cluster, records, protocol, async (topic, number) =>
        {
            if (number == LoadRun.At(records, 1, 3))
            {
                killed = await cluster.LeaderAsync(topic);
                await killed.KillAsync();
            }
            else if (number == LoadRun.At(records, 2, 3))
            {
                await killed!.StartAsync(3);
                stopped = await cluster.LeaderAsync(topic);
                await stopped.StopAsync();
            }
        });

        await using var provider = cluster.ProviderFor();
        Assert.IsTrue((await provider.CheckHealthAsync()).Ready, "Two of three are up.");
        Assert.IsFalse(stopped!.IsRunning);
        await stopped.StartAsync(3);
    }
}
