using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>Three nodes: a topic in one slot, and a topic over all of them.</summary>
[TestClass]
public sealed class ClusterProviderTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task A_cluster_keeps_topics_and_groups(bool spread)
    {
        const int count = 3_000;
        await using var cluster = await RedisCluster.StartAsync();
        var options = new RedisProviderOptions { SpreadPartitions = spread };
        options.Connection.Endpoints = cluster.Endpoints;
        await using var provider = new RedisProvider(options);
        var admin = provider.Admin;
        foreach (var topic in new[] { "orders", "payments", "runs" })
        {
            await admin.CreateTopicAsync(new TopicSpec(topic, 6));
            await using var producer = await provider.OpenProducerAsync(topic);
            await using var member = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = "g", Start = SeekTarget.Beginning });

            var positions = await Task.WhenAll(Enumerable.Range(0, count).Select(number => producer.SendAsync(
                new StreamRecord(System.Text.Encoding.ASCII.GetBytes($"key-{number % 50}"), System.Text.Encoding.ASCII.GetBytes($"{number}"))).AsTask()));
            var read = await ProviderUnderTest.ReadAsync(member, count);
            await member.CommitAsync([.. read.GroupBy(record => record.Position!.Value.Partition).Select(partition => partition.Last().Position!.Value)]);

            CollectionAssert.AreEquivalent(positions, read.Select(record => record.Position!.Value).ToArray());
            foreach (var ofOneKey in read.GroupBy(record => System.Text.Encoding.ASCII.GetString(record.Key.Span)))
            {
                var numbers = ofOneKey.Select(ProviderUnderTest.NumberOf).ToArray();
                CollectionAssert.AreEqual(numbers.Order().ToArray(), numbers, ofOneKey.Key);
            }

            Assert.IsTrue((await admin.DescribeGroupAsync(topic, "g"))!.Partitions.All(partition => partition.Lag == 0));
        }

        Assert.HasCount(3, await admin.ListTopicsAsync());
        Assert.IsTrue(await admin.DeleteTopicAsync("orders"));
        Assert.HasCount(2, await admin.ListTopicsAsync());
    }
}
