namespace DashStream.Conformance.Kafka;

/// <summary>The fixture with three nodes.</summary>
[TestClass]
public sealed class ThreeNodeTests
{
    [TestMethod]
    public async Task Two_nodes_go_on_when_the_leader_is_killed_and_it_comes_back()
    {
        await using var cluster = await KafkaCluster.StartAsync(new KafkaClusterOptions { Nodes = 3 });
        await cluster.CreateTopicAsync("led");
        await RawClient.WriteAsync(cluster.ClientConfig(), "led", "before");
        var leader = await cluster.LeaderAsync("led");

        await leader.KillAsync();
        await RawClient.WriteAsync(cluster.ClientConfig(), "led", "between");
        Assert.AreNotEqual(leader.Id, (await cluster.LeaderAsync("led")).Id);
        await leader.StartAsync(nodes: 3);
        await RawClient.WriteAsync(cluster.ClientConfig(), "led", "after");

        await RawClient.AssertHoldsAsync(cluster.ClientConfig(), "led", "before", "between", "after");
    }
}
