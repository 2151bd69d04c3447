using Confluent.Kafka;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Groups under their bare names, which other clients share.</summary>
[TestClass]
public sealed class ProviderPlainGroupTests
{
    [TestMethod]
    public async Task A_group_of_a_bare_name_is_listed_described_reset_and_deleted_topic_by_topic()
    {
        await using var provider = await KafkaProviders.OpenAsync(options => options.GroupNaming = KafkaGroupNaming.Plain);
        var (first, second, group) = ($"plain-a-{Guid.NewGuid():N}", $"plain-b-{Guid.NewGuid():N}", $"plain-{Guid.NewGuid():N}");
        await ReadAndCommitAsync(provider, first, group);
        await ReadAndCommitAsync(provider, second, group);

        var listed = await provider.Admin.ListGroupsAsync(first);
        var described = await provider.Admin.DescribeGroupAsync(first, group);
        await provider.Admin.ResetGroupAsync(first, group, partition: null, SeekTarget.Beginning);
        var reset = await provider.Admin.DescribeGroupAsync(first, group);
        var deleted = await provider.Admin.DeleteGroupAsync(first, group);

        Assert.AreEqual((group, first), (listed.Single().Group, listed.Single().Topic));
        Assert.AreEqual((2L, (UInt128?)2), (described!.Partitions[0].Lag!.Value, described.Partitions[0].Committed));
        Assert.AreEqual((5L, null), (reset!.Partitions[0].Lag!.Value, reset.Partitions[0].Committed));
        Assert.IsTrue(deleted);
        Assert.IsNull(await provider.Admin.DescribeGroupAsync(first, group));
        Assert.AreEqual(2L, (await provider.Admin.DescribeGroupAsync(second, group))!.Partitions[0].Lag);
        Assert.AreEqual(3, await CommittedAsync(group, second));
    }

    private static async Task ReadAndCommitAsync(KafkaProvider provider, string topic, string group)
    {
        await provider.Admin.CreateTopicAsync(new TopicSpec(topic));
        await using var producer = await provider.OpenProducerAsync(topic);
        await producer.SendAllAsync(Enumerable.Range(0, 5).Select(_ => new StreamRecord(default, "v"u8.ToArray())));
        await using var consumer = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = group });
        for (var read = 0; read < 5;)
        {
            read += (await consumer.ReadAsync(Eventually.Patience)).Records.Count;
        }

        await consumer.CommitAsync([new StreamPosition(0, 2)]);
    }

    private static async Task<long> CommittedAsync(string group, string topic)
    {
        var server = await KafkaServerFixture.ServerAsync();
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = server.BootstrapServers, GroupId = group }).SetLogHandler((_, _) => { }).Build();
        return consumer.Committed([new TopicPartition(topic, 0)], Eventually.Patience)[0].Offset.Value;
    }
}
