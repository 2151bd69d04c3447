using System.Globalization;
using DashStream.Stores;
using static DashStream.Tests.Stores.ProducerFixture;

namespace DashStream.Tests.Stores;

[TestClass]
public sealed class SpreadProducerTests
{
    private const int Partitions = 3;

    private readonly ProducerFixture _fixture = new();

    [TestMethod]
    public async Task A_partition_whose_storage_hangs_holds_up_no_other()
    {
        var hang = new TaskCompletionSource();
        _fixture.Store.OnAppend = (batch, _, _) => batch.PartitionAt(0) == 1 ? new ValueTask(hang.Task) : default;
        await using var producer = await OpenAsync();

        var held = producer.SendAsync(Record("k", "held", target: 1)).AsTask();
        await producer.SendAsync(Record("k", "a", target: 0)).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        await producer.SendAsync(Record("k", "b", target: 2)).AsTask().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.IsFalse(held.IsCompleted);
        hang.SetResult();
        Assert.AreEqual(1, (await held).Partition);
        Assert.AreEqual(new FlushReceipt(3, 0, 0), await producer.FlushAsync());
    }

    [TestMethod]
    public async Task Results_of_a_batch_are_in_the_order_of_its_records()
    {
        _fixture.Store.OnAppend = static (batch, _, _) => batch.PartitionAt(0) == 2 ? throw new StreamException(StreamErrorKind.Fatal, "broken") : default;
        await using var producer = await OpenAsync();

        var results = await producer.SendBatchAsync(
            [.. Enumerable.Range(0, 30).Select(static i => Record("k", i.ToString(CultureInfo.InvariantCulture), target: i % 4))]);

        for (var i = 0; i < 30; i++)
        {
            var expected = (i % 4) switch { 2 => StreamErrorKind.Fatal, 3 => StreamErrorKind.InvalidRequest, _ => (StreamErrorKind?)null };
            Assert.AreEqual(expected, results[i].Error?.Kind, $"record {i}");
            Assert.AreEqual(expected is null, results[i].IsStored);
        }

        CollectionAssert.AreEqual(new[] { "0", "4", "8", "12", "16", "20", "24", "28" }, await _fixture.ValuesAsync());
        Assert.AreEqual(new FlushReceipt(16, 14, 0), await producer.StopAsync(TimeSpan.FromSeconds(1)));
    }

    [TestMethod]
    public async Task The_partitions_share_the_room()
    {
        var hang = new TaskCompletionSource();
        _fixture.Store.OnAppend = (_, _, _) => new ValueTask(hang.Task);
        _fixture.Options.MaxRecordBytes = 1024;
        _fixture.Options.MaxPendingBytes = 1024;
        await using var producer = await OpenAsync();

        var held = producer.SendAsync(Record("k", new string('x', 600), target: 0)).AsTask();
        await ThrowsAsync(StreamErrorKind.Throttled, producer.SendAsync(Record("k", new string('x', 600), target: 1)).AsTask());

        hang.SetResult();
        await held;
        await producer.SendAsync(Record("k", new string('x', 600), target: 1));
    }

    [TestMethod]
    public async Task Records_without_a_target_go_where_their_keys_say()
    {
        await using var producer = await OpenAsync();

        foreach (var key in Enumerable.Range(0, 20).Select(static number => $"key-{number}"))
        {
            var record = Record(key, "v");
            Assert.AreEqual(KeyPartitioner.PartitionOf(record.Key.Span, Partitions, KeyHash.Crc32), (await producer.SendAsync(record)).Partition, key);
        }
    }

    private async Task<SpreadProducer> OpenAsync()
    {
        var spec = new TopicSpec(Topic, Partitions);
        await _fixture.Store.TryCreateTopicAsync(spec, default);
        return new SpreadProducer(_fixture.Store, spec, _fixture.Options.MaxRecordBytes, _fixture.Options, TimeProvider.System);
    }
}
