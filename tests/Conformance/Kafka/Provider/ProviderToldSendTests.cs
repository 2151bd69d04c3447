using System.Text;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Sends of our provider whose outcome is told by a call: what holds for awaited ones holds for them.</summary>
[TestClass]
public sealed class ProviderToldSendTests
{
    private static readonly SharedServer<KafkaCluster> Shared = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { ThroughProxy = true }));

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    public async Task Each_outcome_is_told_once_before_a_flush_returns_and_both_kinds_of_send_keep_one_order()
    {
        const int count = 10_000;
        await using var provider = await ProviderAsync("told-once");
        await using var producer = await provider.OpenProducerAsync("told-once");
        var told = new ToldOutcomes();
        var awaited = new List<Task<StreamPosition>>();

        for (var number = 0; number < count; number += 2)
        {
            Assert.IsNull(Told(producer).Send(Record(number), told.Of(number)));
            awaited.Add(producer.SendAsync(Record(number + 1)).AsTask());
        }

        var receipt = await producer.FlushAsync();

        CollectionAssert.AreEqual(Enumerable.Range(0, count / 2).Select(pair => pair * 2).ToArray(), told.Numbers);
        Assert.AreEqual(new FlushReceipt(count, 0, 0), receipt);
        var offsets = told.All.Zip(await Task.WhenAll(awaited), (one, other) => new[] { one.Position.Offset, other.Offset }).SelectMany(pair => pair);
        CollectionAssert.AreEqual(Enumerable.Range(0, count).Select(offset => (UInt128)offset).ToArray(), offsets.ToArray());
    }

    [TestMethod]
    public async Task What_is_refused_is_told_by_the_call_alone()
    {
        await using var provider = await ProviderAsync("told-refused", options => options.MaxRecordBytes = 10_000);
        await using var producer = await provider.OpenProducerAsync("told-refused");
        var told = new ToldOutcomes();

        var large = Told(producer).Send(new StreamRecord("key"u8.ToArray(), new byte[20_000]), told.Of(0));
        var astray = Told(producer).Send(new StreamRecord("key"u8.ToArray(), new byte[1]) { TargetPartition = 7 }, told.Of(1));
        await producer.StopAsync(Eventually.Patience);
        var late = Told(producer).Send(Record(2), told.Of(2));

        CollectionAssert.AreEqual(
            new[] { StreamErrorKind.TooLarge, StreamErrorKind.InvalidRequest, StreamErrorKind.Closed }, new[] { large!.Kind, astray!.Kind, late!.Kind });
        Assert.IsEmpty(told.All);
    }

    [TestMethod]
    public async Task Without_an_answer_each_is_told_at_its_deadline_and_a_later_answer_changes_nothing()
    {
        var cluster = await Shared.StartedAsync();
        await using var provider = await ProviderAsync("told-late", options => options.SendTimeout = TimeSpan.FromSeconds(3));
        await using var producer = await provider.OpenProducerAsync("told-late");
        await producer.SendAsync(Record(0));
        var told = new ToldOutcomes();

        cluster.Node.Proxy!.Hang();
        var started = TimeProvider.System.GetTimestamp();
        SendAll(producer, told, 1, 50);
        var flushed = producer.FlushAsync().AsTask();
        await Eventually.TrueAsync(() => told.All.Count == 50, "every outcome is told");
        var waited = TimeProvider.System.GetElapsedTime(started);
        var receipt = await flushed.WaitAsync(Eventually.Patience);
        cluster.Node.Proxy.Resume();
        Assert.IsNull(Told(producer).Send(Record(51), told.Of(51)));
        await producer.FlushAsync();

        CollectionAssert.AreEqual(Enumerable.Range(1, 51).ToArray(), told.Numbers);
        Assert.IsTrue(told.All.Take(50).All(outcome => outcome.Error is { Kind: StreamErrorKind.Timeout }));
        Assert.IsNull(told.All[50].Error);
        Assert.AreEqual(new FlushReceipt(1, 50, 0), receipt);
        Assert.IsLessThan(TimeSpan.FromSeconds(6), waited, "The deadline is 3 s.");
    }

    [TestMethod]
    public async Task A_stop_without_an_answer_tells_what_it_ends()
    {
        var cluster = await Shared.StartedAsync();
        await using var provider = await ProviderAsync("told-stop");
        await using var producer = await provider.OpenProducerAsync("told-stop");
        await producer.SendAsync(Record(0));
        var told = new ToldOutcomes();

        cluster.Node.Proxy!.Hang();
        SendAll(producer, told, 1, 50);
        var receipt = await producer.StopAsync(TimeSpan.FromMilliseconds(100));
        cluster.Node.Proxy.Resume();

        CollectionAssert.AreEqual(Enumerable.Range(1, 50).ToArray(), told.Numbers);
        Assert.IsTrue(told.All.All(outcome => outcome.Error is { Kind: StreamErrorKind.Closed }));
        Assert.AreEqual(new FlushReceipt(1, 0, 50), receipt);
    }

    [TestMethod]
    public async Task Who_is_told_may_send_the_next_record_into_the_room_that_became_free()
    {
        const int count = 2_000;
        await using var provider = await ProviderAsync("told-chain", options => options.MaxPendingBytes = options.MaxRecordBytes = 1_024);
        await using var producer = await provider.OpenProducerAsync("told-chain");
        var told = new ToldOutcomes();
        var refused = new List<StreamException>();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        SendFrom(0);
        await ended.Task.WaitAsync(Eventually.Patience);

        Assert.IsEmpty(refused);
        CollectionAssert.AreEqual(Enumerable.Range(0, count).ToArray(), told.Numbers);

        void SendFrom(int number)
        {
            if (number == count)
            {
                ended.SetResult();
            }
            else if (Told(producer).Send(new StreamRecord("key"u8.ToArray(), new byte[800]), told.Of(number, () => SendFrom(number + 1))) is { } error)
            {
                refused.Add(error);
                ended.SetResult();
            }
        }
    }

    private static IOutcomeProducer Told(IStreamProducer producer) => (IOutcomeProducer)producer;

    private static StreamRecord Record(int number) => new("key"u8.ToArray(), Encoding.UTF8.GetBytes($"{number}"));

    private static void SendAll(IStreamProducer producer, ToldOutcomes told, int first, int count)
    {
        for (var number = first; number < first + count; number++)
        {
            Assert.IsNull(Told(producer).Send(Record(number), told.Of(number)));
        }
    }

    private static async Task<KafkaProvider> ProviderAsync(string topic, Action<KafkaProviderOptions>? configure = null)
    {
        var cluster = await Shared.StartedAsync();
        await cluster.CreateTopicAsync(topic, 1);
        return cluster.ProviderFor(configure: configure);
    }
}
