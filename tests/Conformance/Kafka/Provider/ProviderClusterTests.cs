using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Our provider on three nodes.</summary>
[TestClass]
public sealed class ProviderClusterTests
{
    private const int Records = 100_000;

    [TestMethod]
    public async Task A_leader_that_dies_and_one_that_hands_over_cost_nothing()
    {
        await using var cluster = await KafkaCluster.StartAsync(new KafkaClusterOptions { Nodes = 3 });
        KafkaNode? killed = null;
        KafkaNode? stopped = null;

        await LoadRun.AssertCostsNothingAsync(cluster, Records, KafkaGroupProtocol.Classic, async (topic, number) =>
        {
            if (number == LoadRun.At(Records, 1, 3))
            {
                killed = await cluster.LeaderAsync(topic);
                await killed.KillAsync();
            }
            else if (number == LoadRun.At(Records, 2, 3))
            {
                await killed!.StartAsync(3);
                stopped = await cluster.LeaderAsync(topic);
                await stopped.StopAsync();
            }
        });

        await using var provider = cluster.ProviderFor();
        Assert.IsTrue((await provider.CheckHealthAsync()).Ready, "Two of three are up.");
        Assert.IsFalse(stopped!.IsRunning);
    }
}
