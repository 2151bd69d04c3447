using System.Globalization;

namespace DashStream.Conformance.Redis;

/// <summary>Sends that complete when a replica has them.</summary>
[TestClass]
public sealed class ReplicaTests
{
    [TestMethod]
    public async Task A_send_waits_for_the_replica_and_is_stored_once()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: static options => options.MinReplicas = 1);
        await using var replica = await RedisNode.StartAsync(
            new RedisNodeOptions { Settings = [string.Create(CultureInfo.InvariantCulture, $"replicaof 127.0.0.1 {redis.Node.PlainPort}"), "repl-diskless-sync-delay 0"] });
        await redis.SendAsync("events", 1);
        await replica.SuspendAsync();
        await using var producer = await redis.Provider.OpenProducerAsync("events");

        var send = producer.SendAsync(ProviderUnderTest.Record(1)).AsTask();
        await Eventually.TrueAsync(async () => await LengthAsync(redis.Node) == 2, "the server itself to have it");
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.IsFalse(send.IsCompleted, "The replica sleeps.");
        await replica.ResumeAsync();
        await send.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.AreEqual(2, await LengthAsync(redis.Node));
        Assert.AreEqual(2, await LengthAsync(replica));
    }

    private static async Task<long> LengthAsync(RedisNode node) =>
        Convert.ToInt64(await node.CallAsync("XLEN", ProviderUnderTest.Stream("events")), CultureInfo.InvariantCulture);
}
