using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>A second run over what a first has left on the brokers: topics, commits and groups go on where they stand.</summary>
[TestClass]
public sealed class ProviderKeptServerTests
{
    private const int Records = 40;

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_second_run_goes_on_where_the_first_stands(KafkaGroupProtocol protocol)
    {
        var server = await KafkaServerFixture.ServerAsync();
        server.RequireReal();
        var topic = $"kept-{Guid.NewGuid():N}";

        for (var run = 0; run < 3; run++)
        {
            await using var provider = new KafkaProvider(new KafkaProviderOptions { BootstrapServers = server.BootstrapServers, GroupProtocol = protocol, DefaultPartitions = 1 });
            await using var producer = await provider.OpenProducerAsync(topic);
            var account = new LoadAccount(Records, keys: 1);
            var last = (await producer.SendBatchAsync([.. Enumerable.Range(0, Records).Select(account.Record)]))[^1].Position;
            await using var member = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = "g" });
            var read = new List<StreamRecord>();
            while (read.Count < Records)
            {
                read.AddRange((await member.ReadAsync(Eventually.Patience)).Records);
            }

            await member.CommitAsync([read[^1].Position!.Value]);
            var receipt = await member.StopAsync(Eventually.Patience);

            Assert.AreEqual(1, producer.PartitionCount);
            Assert.AreEqual((UInt128)(Records * (run + 1) - 1), last.Offset);
            CollectionAssert.AreEqual(Enumerable.Range(0, Records).ToArray(), read.ConvertAll(LoadAccount.NumberOf));
            Assert.AreEqual((UInt128)(Records * run), read[0].Position!.Value.Offset, "It begins behind the last commit.");
            Assert.AreEqual((true, 0L, last), (receipt.Complete, receipt.Left, receipt.Committed.Single()));
        }
    }
}
