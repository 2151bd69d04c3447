namespace DashStream.Conformance;

/// <summary>Keys decide the partition, and within a key the order of the calls is the order of the log.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class OrderConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    [Case]
    [Rule("B3-45", "A thousand records of sixteen keys, none awaited, keep the order of each key")]
    public async Task Order_per_key_is_kept_without_awaiting()
    {
        var count = Load.Of(1_000);
        var topic = await CreateTopicAsync(partitions: 4);

        await SendAsync(topic, Sample.Numbered(count, keys: 16));

        var read = await ReadAsync(topic, count);
        Expect.EachOnce(count, read);
        AssertOrderPerKey(read);
    }

    [Case]
    [Rule("B3-46", "In one partition everything keeps the order of the calls, with keys and without")]
    public async Task One_partition_keeps_the_order_of_the_calls()
    {
        var topic = await CreateTopicAsync();

        await SendAsync(topic, Enumerable.Range(0, 500).Select(i => Sample.Text($"{i}", i % 3 == 0 ? "" : $"key-{i % 7}")));

        Expect.Sequence(0, 500, await ReadAsync(topic, 500));
    }

    [Case]
    [Rule("DS-23", "Single sends and batches of one caller keep the order of the calls")]
    public async Task Batches_and_single_sends_keep_their_order()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var producer = await OpenProducerAsync(topic);
        var calls = new List<Task>();
        for (var i = 0; i < 300; i += 10)
        {
            var records = Sample.Numbered(10, keys: 2, from: i);
            calls.AddRange(records.Take(3).Select(record => producer.SendAsync(record).AsTask()));
            calls.Add(producer.SendBatchAsync([.. records.Skip(3)]).AsTask());
        }

        await Task.WhenAll(calls);

        AssertOrderPerKey(await ReadAsync(topic, 300));
    }

    [Case]
    [Rule("DS-24", "The order of each of two producers holds while both send the same keys")]
    public async Task Two_producers_each_keep_their_order()
    {
        var topic = await CreateTopicAsync(partitions: 2);

        await Task.WhenAll(SendAsync(topic, Sample.Numbered(400, keys: 4)), SendAsync(topic, Sample.Numbered(400, keys: 4, from: 1_000)));

        var read = await ReadAsync(topic, 800);
        AssertOrderPerKey([.. read.Where(record => Sample.NumberOf(record) < 1_000)]);
        AssertOrderPerKey([.. read.Where(record => Sample.NumberOf(record) >= 1_000)]);
    }

    [Case]
    [Rule("DS-25", "A key goes to the partition that CRC-32 of it says, as librdkafka's default does")]
    public async Task Keys_go_where_crc_32_says()
    {
        // The check value of CRC-32 is that of "123456789": 0xCBF43926.
        const int ofCheckValue = (int)(0xCBF43926 % 7);
        var topic = await CreateTopicAsync(partitions: 7);
        var keys = Enumerable.Range(0, 100).Select(i => $"thread-{i}").Append("123456789").Append("ключ").ToList();

        var positions = await SendAsync(topic, keys.Select(key => Sample.Text("0", key)));

        for (var i = 0; i < keys.Count; i++)
        {
            Assert.AreEqual(KeyPartitioner.PartitionOf(Sample.Bytes(keys[i]), 7), positions[i].Partition, $"Partition of key '{keys[i]}'.");
        }

        Assert.AreEqual(ofCheckValue, positions[100].Partition);
    }

    [Case]
    [Rule("DS-26", "A record meant for a partition goes there, whatever its key says")]
    public async Task A_target_partition_beats_the_key()
    {
        var topic = await CreateTopicAsync(partitions: 4);

        var positions = await SendAsync(topic, Enumerable.Range(0, 40).Select(i => new StreamRecord(Sample.Bytes("one-key"), null) { TargetPartition = i % 4 }));

        Expect.Partitions(positions.Select(position => position.Partition).Take(8), 0, 1, 2, 3, 0, 1, 2, 3);
        var read = await ReadAsync(topic, 40);
        Assert.IsTrue(read.ByPartition().Values.All(records => records.Count == 10));
    }

    [Case]
    [Rule("DS-27", "A batch of a read holds the records of each partition in the order of the log")]
    public async Task Reads_are_in_order_within_each_partition()
    {
        var topic = await CreateTopicAsync(partitions: 3);
        await SendAsync(topic, Sample.Numbered(600, keys: 12));
        var reader = await OpenReaderAsync(topic, maxRecords: 50);

        var read = await Collect.ExactlyAsync(reader, 600);

        foreach (var records in read.ByPartition().Values)
        {
            for (var i = 1; i < records.Count; i++)
            {
                Assert.IsTrue(records[i - 1].Position!.Value < records[i].Position!.Value);
            }
        }
    }

    private static void AssertOrderPerKey(IReadOnlyList<StreamRecord> read)
    {
        foreach (var key in read.GroupBy(Sample.KeyOf))
        {
            var numbers = Sample.NumbersOf(key);
            CollectionAssert.AreEqual(numbers.Order().ToArray(), numbers.ToArray(), $"The order of key '{key.Key}'.");
        }
    }
}
