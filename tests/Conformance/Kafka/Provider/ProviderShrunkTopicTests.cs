using System.Text;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>A topic that somebody deleted and made again with fewer partitions while it was written and read: what is gone is told as gone, and nothing hangs.</summary>
[TestClass]
public sealed class ProviderShrunkTopicTests
{
    private const int Before = 6;
    private const int After = 2;
    private const int Each = 20;
    private const int Keys = 12;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly string _topic = $"shrunk-{Guid.NewGuid():N}";

    [TestMethod]
    [Timeout(60_000)]
    public async Task An_open_producer_is_told_at_once_what_is_gone_and_stores_the_rest()
    {
        await using var provider = await KafkaProviders.OpenAsync(_ => { });
        await provider.Admin.CreateTopicAsync(new TopicSpec(_topic, Before));
        await using var producer = await provider.OpenProducerAsync(_topic);
        await producer.SendAllAsync(Enumerable.Range(0, Before).Select(To));

        await ShrinkAsync();
        var sends = Enumerable.Range(0, Before).Select(partition => producer.SendAsync(To(partition)).AsTask()).ToList();
        foreach (var send in sends.Skip(After))
        {
            var error = await Providers.AssertRefusedAsync(StreamErrorKind.NotFound, () => send);
            Assert.Contains(_topic, error.Message);
        }

        var left = await Task.WhenAll(sends.Take(After)).WaitAsync(Soon);
        var keyed = await producer.SendAllAsync(Keyed()).WaitAsync(Soon);
        await using var opened = await provider.OpenProducerAsync(_topic);
        var again = await opened.SendAllAsync(Keyed()).WaitAsync(Soon);

        CollectionAssert.AreEqual(new[] { new StreamPosition(0, 0), new StreamPosition(1, 0) }, left);
        Assert.AreEqual(After, opened.PartitionCount);
        Assert.AreEqual(Places(Keyed().Select(record => KeyPartitioner.PartitionOf(record.Key.Span, After))), Places(keyed.Select(position => position.Partition)));
        Assert.AreEqual(Places(keyed.Select(position => position.Partition)), Places(again.Select(position => position.Partition)));
        Assert.AreEqual((long)After + (2 * Keys), await LengthAsync(provider), "Everything that was stored is there once.");
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("readers")]
    [Timeout(60_000)]
    public async Task An_open_consumer_is_told_the_place_that_is_gone_and_goes_on_from_where_it_is_sent(string? group)
    {
        await using var provider = await KafkaProviders.OpenAsync(_ => { });
        await provider.Admin.CreateTopicAsync(new TopicSpec(_topic, Before));
        await using var consumer = await provider.OpenConsumerAsync(_topic, new StreamConsumerOptions { Group = group, Start = SeekTarget.Beginning });
        await using (var producer = await provider.OpenProducerAsync(_topic))
        {
            await producer.SendAllAsync(Enumerable.Range(0, Before * Each).Select(number => To(number % Before)));
        }

        await ReadAsync(consumer, Before * Each);

        await ShrinkAsync();
        await using var opened = await provider.OpenProducerAsync(_topic);
        await opened.SendAllAsync(Enumerable.Range(0, After).Select(To));
        var error = await ToldAsync(consumer).WaitAsync(Soon);
        for (var partition = 0; partition < After; partition++)
        {
            await consumer.SeekAsync(partition, SeekTarget.Beginning);
        }

        await ReadAsync(consumer, After);

        Assert.MatchesRegex($"^Topic '{_topic}' does not hold position ([01])@{Each}: its partition \\1 holds offsets 0 up to", error.Message);
        await consumer.StopAsync(Soon).AsTask().WaitAsync(Soon);
    }

    private static StreamRecord To(int partition) => new("key"u8.ToArray(), "value"u8.ToArray()) { TargetPartition = partition };

    private static IEnumerable<StreamRecord> Keyed() =>
        Enumerable.Range(0, Keys).Select(static number => new StreamRecord(Encoding.ASCII.GetBytes($"key-{number}"), "value"u8.ToArray()));

    private static string Places(IEnumerable<int> partitions) => string.Join(' ', partitions);

    private static async Task ReadAsync(IStreamConsumer consumer, int count)
    {
        for (var read = 0; read < count;)
        {
            var batch = await consumer.ReadAsync(Eventually.Patience);
            Assert.IsNotEmpty(batch.Records, $"{read} of {count} records came.");
            read += batch.Records.Count;
        }
    }

    // Between the deletion and the making the topic itself may be missed first.
    private static async Task<StreamException> ToldAsync(IStreamConsumer consumer)
    {
        while (true)
        {
            try
            {
                await consumer.ReadAsync(Soon);
            }
            catch (StreamException e) when (e.Kind != StreamErrorKind.NotFound)
            {
                Assert.AreEqual(StreamErrorKind.OutOfRange, e.Kind, e.ToString());
                return e;
            }
        }
    }

    // By another client, so that nobody else hears of it but from the broker.
    private async Task ShrinkAsync()
    {
        await using var other = await KafkaProviders.OpenAsync(_ => { });
        await other.Admin.DeleteTopicAsync(_topic);
        await other.Admin.CreateTopicAsync(new TopicSpec(_topic, After));
    }

    private async Task<long> LengthAsync(KafkaProvider provider) =>
        (await provider.Admin.DescribeTopicAsync(_topic))!.Partitions.Sum(static partition => (long)(partition.Bounds.End - partition.Bounds.Begin));
}
