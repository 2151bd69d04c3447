namespace DashStream.Conformance.Redis;

/// <summary>The fixture's three servers are one cluster.</summary>
[TestClass]
public sealed class ClusterTests
{
    [TestMethod]
    public async Task A_key_lives_on_one_node_and_the_others_say_which()
    {
        await using var cluster = await RedisCluster.StartAsync();

        foreach (var key in Enumerable.Range(0, 10).Select(static number => $"key-{number}"))
        {
            var holder = await cluster.HolderAsync(key);
            await holder.CallAsync("SET", key, "value");
            foreach (var other in cluster.Nodes.Where(node => node != holder))
            {
                var error = await Assert.ThrowsExactlyAsync<RedisAnswerException>(() => other.CallAsync("GET", key));
                Assert.Contains($"127.0.0.1:{holder.PlainPort}", error.Message);
                Assert.AreEqual("MOVED", error.Code);
            }
        }
    }

    [TestMethod]
    public async Task A_node_that_died_is_back_with_its_keys()
    {
        await using var cluster = await RedisCluster.StartAsync();
        var holder = await cluster.HolderAsync("key");
        await holder.CallAsync("SET", "key", "value");

        await holder.KillAsync();
        await Eventually.TrueAsync(
            async () => ((string)(await cluster.Nodes.First(node => node != holder).CallAsync("CLUSTER", "INFO"))!).Contains("cluster_state:fail", StringComparison.Ordinal),
            "the others to notice");
        await holder.StartAgainAsync();
        await cluster.AssertWorksAsync();

        Assert.AreEqual("value", await holder.CallAsync("GET", "key"));
    }
}
