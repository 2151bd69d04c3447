namespace DashStream.Conformance;

/// <summary>Batches cost less and change nothing else.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class BatchesConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    [Case]
    [Rule("B1-17", "A batch returns one result a record, aligned and distinct")]
    [Rule("B4-68", "Everything sent as a batch arrives")]
    public async Task Results_are_aligned_with_the_records()
    {
        var topic = await CreateTopicAsync(partitions: 3);
        var producer = await OpenProducerAsync(topic);

        var results = await producer.SendBatchAsync(Sample.Numbered(100, keys: 9));

        Assert.HasCount(100, results);
        Assert.IsTrue(results.All(result => result is { IsStored: true, Error: null }));
        Assert.HasCount(100, results.Select(result => result.Position).ToHashSet());
        foreach (var record in await ReadAsync(topic, 100))
        {
            Assert.AreEqual(results[Sample.NumberOf(record)].Position, record.Position);
        }
    }

    [Case]
    [Rule("B4-72", "An empty batch is a no-op")]
    public async Task An_empty_batch_is_a_no_op()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);

        Assert.IsEmpty(await producer.SendBatchAsync([]));

        Assert.AreEqual(new FlushReceipt(0, 0, 0), await producer.FlushAsync());
    }

    [Case]
    [Rule("DS-28", "A bad record of a batch is refused by itself; the others are stored, in order")]
    public async Task One_bad_record_does_not_fail_the_others()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);
        var tooLarge = new StreamRecord(default, new byte[Capabilities.MaxRecordBytes + 1]);
        var noSuchPartition = new StreamRecord(default, null) { TargetPartition = 1 };

        var results = await producer.SendBatchAsync([Sample.Text("0"), tooLarge, Sample.Text("1"), noSuchPartition, Sample.Text("2")]);

        Assert.AreEqual("+TooLarge+InvalidRequest+", string.Concat(results.Select(result => result.Error?.Kind.ToString() ?? "+")));
        Expect.Sequence(0, 3, await ReadAsync(topic, 3));
    }

    [Case]
    [Rule("DS-29", "A null among the records is the caller's mistake, and nothing of the batch is stored")]
    public async Task A_null_record_is_the_callers_mistake()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);

        await Assert.ThrowsAsync<ArgumentException>(() => producer.SendBatchAsync([Sample.Text("9"), null!]).AsTask());

        await producer.SendAsync(Sample.Text("0"));
        Expect.Sequence(0, 1, await ReadAsync(topic, 1));
    }

    [Case]
    [Rule("DS-30", "A batch far larger than what a provider writes in one step arrives whole and in order")]
    public async Task A_large_batch_arrives_in_order()
    {
        var count = Load.Of(6_000);
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);

        var results = await producer.SendBatchAsync(Sample.Numbered(count));

        Assert.IsTrue(results.All(result => result.IsStored));
        Expect.Sequence(0, count, await ReadAsync(topic, count));
    }

    [Case]
    [Rule("B3-58", "A read returns no more records than asked for")]
    [Rule("B4-71", "Batch limits are honoured")]
    public async Task Reads_honour_the_most_records()
    {
        var topic = await CreateTopicAsync(partitions: 3);
        await SendAsync(topic, Sample.Numbered(100, keys: 10));
        foreach (var most in new[] { 1, 7, 100 })
        {
            var reader = await OpenReaderAsync(topic, maxRecords: most);

            var batches = await Collect.BatchesAsync(reader, soFar => soFar.Sum(batch => batch.Records.Count) >= 100, "100 records");

            Assert.IsLessThanOrEqualTo(most, batches.Max(batch => batch.Records.Count));
            Expect.EachOnce(100, batches.SelectMany(batch => batch.Records));
        }
    }

    [Case]
    [Rule("B4-71", "Batch limits are honoured: no more bytes than asked for, except that one record always fits")]
    public async Task Reads_honour_the_most_bytes()
    {
        const int most = 4_096;
        var topic = await CreateTopicAsync();
        int[] sizes = [100, 4_000, 4_096, 50_000, 1, 2_048, 2_048, 1, 4_095, 1];
        await SendAsync(topic, sizes.Select(size => new StreamRecord(default, new byte[size])));
        await using var reader = await Provider.OpenConsumerAsync(topic, new StreamConsumerOptions { MaxBatchBytes = most });

        var batches = await Collect.BatchesAsync(reader, soFar => soFar.Sum(batch => batch.Records.Count) >= sizes.Length, "every record");

        CollectionAssert.AreEqual(sizes, batches.SelectMany(batch => batch.Records).Select(record => record.Value!.Value.Length).ToArray());
        foreach (var batch in batches.Where(batch => batch.Records.Count > 1))
        {
            Assert.IsLessThanOrEqualTo(most, batch.Records.Sum(record => record.SizeBytes));
        }
    }

    [Case]
    [Rule("B4-70", "Batches are complete and in order, and none is empty while records wait")]
    public async Task Batches_are_complete_and_never_empty_while_records_wait()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(200));
        var reader = await OpenReaderAsync(topic, maxRecords: 30);
        var read = new List<StreamRecord>();
        while (read.Count < 200)
        {
            var batch = await reader.ReadAsync(Waits.Positive);
            Assert.IsNotEmpty(batch.Records, "A read with records waiting was to return some.");
            read.AddRange(batch.Records);
        }

        Expect.Sequence(0, 200, read);
    }

    [Case]
    [Rule("DS-31", "One busy partition does not keep the others from being read")]
    public async Task A_busy_partition_does_not_starve_the_others()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        await SendAsync(topic, Enumerable.Range(0, 10_000).Select(i => new StreamRecord(default, Sample.Bytes($"{i}")) { TargetPartition = 0 }));
        await SendAsync(topic, new StreamRecord(default, Sample.Bytes("10000")) { TargetPartition = 1 });
        var reader = await OpenReaderAsync(topic, maxRecords: 10);

        var read = await Collect.UntilAsync(reader, soFar => soFar.Any(record => record.Position!.Value.Partition == 1), "the record of partition 1");

        Assert.IsLessThan(5_000, read.Count, "Half of the busy partition was read before the other one's only record.");
    }
}
