using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>The shared limiter on a cluster: tenants are spread over its nodes, and all that belongs to one lies together.</summary>
[TestClass]
public sealed class LimiterClusterTests
{
    [TestMethod]
    public async Task Tenants_live_on_all_nodes_and_each_on_one()
    {
        await using var cluster = await RedisCluster.StartAsync();
        var prefix = Limiters.NewPrefix();
        await using var limiter = Limiters.Make(cluster.Endpoints, prefix, 0, 2);
        await using var other = Limiters.Make(cluster.Nodes[2].Endpoint, prefix, 0, 2);
        var tenants = Enumerable.Range(0, 30).Select(static number => $"tenant {number}").Append("").Append("{").ToList();

        foreach (var tenant in tenants)
        {
            Assert.IsTrue(await limiter.AcquireAsync(tenant, 1, TimeSpan.Zero));
            Assert.IsTrue(await other.AcquireAsync(tenant, 1, TimeSpan.Zero));
            Assert.IsFalse(await limiter.AcquireAsync(tenant, 1, TimeSpan.Zero));
            await limiter.SetLimitAsync(tenant, new RateLimit { MessagesPerSecond = 1e6, BurstCapacity = 10 });
            Assert.IsTrue(await other.AcquireAsync(tenant, 10, TimeSpan.FromSeconds(10)));
        }

        foreach (var node in cluster.Nodes)
        {
            Assert.IsGreaterThan(0L, (long)(await node.CallAsync("DBSIZE"))!);
        }
    }
}
