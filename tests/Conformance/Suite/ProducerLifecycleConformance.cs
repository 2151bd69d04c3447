namespace DashStream.Conformance;

/// <summary>How a producer ends: what it has promised holds, and afterwards it does nothing in secret.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class ProducerLifecycleConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    [Case]
    [Rule("B7-105", "A stop decides every earlier send, and the last record sent arrives")]
    public async Task A_stop_decides_every_earlier_send()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);
        var sends = Sample.Numbered(1_000).Select(record => producer.SendAsync(record).AsTask()).ToList();

        var receipt = await producer.StopAsync(Waits.Positive);

        Assert.AreEqual(new FlushReceipt(1_000, 0, 0), receipt);
        await Waits.WithinAsync(Task.WhenAll(sends), "the sends are decided");
        Expect.Sequence(0, 1_000, await ReadAsync(topic, 1_000));
    }

    [Case]
    [Rule("B7-101", "A stop under load loses nothing that was acknowledged, and what comes after it fails as closed")]
    public async Task A_stop_under_load_loses_nothing_acknowledged()
    {
        const int threads = 4;
        var each = Load.Of(1_000);
        var topic = await CreateTopicAsync(partitions: 4);
        var producer = await OpenProducerAsync(topic);
        var stored = new System.Collections.Concurrent.ConcurrentDictionary<StreamPosition, int>();
        var started = new TaskCompletionSource();
        var sending = Enumerable.Range(0, threads).Select(thread => Task.Run(() => Task.WhenAll(
            Enumerable.Range(thread * each, each).Select(async number =>
            {
                try
                {
                    var position = await producer.SendAsync(Sample.Text($"{number}", $"key-{number % 9}"));
                    started.TrySetResult();
                    Assert.IsTrue(stored.TryAdd(position, number), "Two records got one position.");
                }
                catch (StreamException e) when (e.Kind == StreamErrorKind.Closed)
                {
                    started.TrySetResult();
                }
            })))).ToList();

        await started.Task;
        var receipt = await producer.StopAsync(Waits.Positive);
        await Task.WhenAll(sending);

        Assert.AreEqual(0, receipt.Pending);
        var read = (await ReadToEndAsync(topic)).ToDictionary(record => record.Position!.Value, Sample.NumberOf);
        foreach (var (position, number) in stored)
        {
            Assert.AreEqual(number, read.GetValueOrDefault(position, -1), $"The acknowledged record at {position}.");
        }
    }

    [Case]
    [Rule("B7-102", "Ten stops at once return one receipt, and lose nothing")]
    [Rule("B7-103", "A second stop returns the same receipt; disposing twice is harmless")]
    public async Task Stopping_many_times_is_stopping_once()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);
        var sends = producer.SendAllAsync(Sample.Numbered(200));

        var receipts = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => producer.StopAsync(Waits.Positive).AsTask())));

        Assert.HasCount(1, receipts.Distinct());
        Assert.AreEqual(receipts[0], await producer.StopAsync(TimeSpan.Zero));
        await producer.DisposeAsync();
        await producer.DisposeAsync();
        await sends;
        Expect.Sequence(0, 200, await ReadAsync(topic, 200));
    }

    [Case]
    [Rule("DS-71", "A stop takes a deadline of any length, and returns as soon as it is done")]
    public async Task A_stop_takes_a_deadline_of_any_length()
    {
        var producer = await OpenProducerAsync(await CreateTopicAsync());
        var sends = producer.SendAllAsync(Sample.Numbered(10));

        var receipt = await Waits.WithinAsync(producer.StopAsync(TimeSpan.MaxValue).AsTask(), "the producer stopped");

        await sends;
        Assert.AreEqual(0, receipt.Pending);
    }

    [Case]
    [Rule("B7-106", "A producer that was stopped refuses as closed, and opens nothing")]
    public async Task A_stopped_producer_refuses()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);
        await producer.StopAsync(Waits.Positive);

        await Expect.RefusalAsync(StreamErrorKind.Closed, () => producer.SendAsync(Sample.Text("0")).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.Closed, () => producer.SendBatchAsync([Sample.Text("0")]).AsTask());

        var reader = await OpenReaderAsync(topic);
        await Collect.NothingAsync(reader);
    }

    [Case]
    [Rule("B7-103", "Disposal alone stops: what was sent before is decided")]
    public async Task Disposal_decides_what_was_sent()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);
        var sends = producer.SendAllAsync(Sample.Numbered(300));

        await producer.DisposeAsync();

        await Waits.WithinAsync(sends, "the sends are decided");
        Expect.Sequence(0, 300, await ReadAsync(topic, 300));
    }

    [Case]
    [Rule("DS-65", "Stopping one producer leaves the others of the topic at work")]
    public async Task Stopping_one_producer_leaves_the_others()
    {
        var topic = await CreateTopicAsync();
        var first = await OpenProducerAsync(topic);
        var second = await OpenProducerAsync(topic);
        await first.SendAsync(Sample.Text("0"));

        await first.StopAsync(Waits.Positive);
        await second.SendAsync(Sample.Text("1"));

        Expect.Sequence(0, 2, await ReadAsync(topic, 2));
    }

    [Case]
    [Rule("B7-114", "A send whose token is cancelled already ends as cancelled and stores nothing")]
    public async Task A_send_cancelled_beforehand_stores_nothing()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);
        var cancelled = new CancellationToken(canceled: true);

        await Expect.CancellationAsync(() => producer.SendAsync(Sample.Text("9"), cancelled).AsTask());
        await Expect.CancellationAsync(() => producer.SendBatchAsync([Sample.Text("9")], cancelled).AsTask());
        await Expect.CancellationAsync(() => producer.FlushAsync(cancelled).AsTask());

        await producer.SendAsync(Sample.Text("0"));
        Expect.Sequence(0, 1, await ReadAsync(topic, 1));
    }

    private async Task<IReadOnlyList<StreamRecord>> ReadToEndAsync(string topic)
    {
        var reader = await OpenReaderAsync(topic);
        var records = new List<StreamRecord>();
        await Waits.UntilAsync(
            async () =>
            {
                records.AddRange((await reader.ReadAsync(Waits.Negative)).Records);
                return (await reader.GetProgressAsync()).All(partition => partition.NextOffset == partition.Bounds.End);
            },
            "the reader is caught up");
        return records;
    }
}
