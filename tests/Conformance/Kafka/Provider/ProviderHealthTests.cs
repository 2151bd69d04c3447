using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Health tells the truth, and the meter the right numbers, on a real broker.</summary>
[TestClass]
public sealed class ProviderHealthTests
{
    private delegate int TestFatalError(IntPtr client, int code, byte[] reason);

    [TestMethod]
    public async Task A_fatal_error_ends_the_provider_and_its_health_for_good()
    {
        await using var provider = await KafkaProviders.OpenAsync(_ => { });
        await using var producer = await provider.OpenProducerAsync(Topic());
        var record = new StreamRecord("k"u8.ToArray(), "v"u8.ToArray());
        await producer.SendAsync(record);
        var before = await provider.CheckHealthAsync();

        Kill(provider);
        await Eventually.TrueAsync(async () => !(await provider.CheckHealthAsync()).Alive, "a provider that knows of its end");
        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => producer.SendAsync(record).AsTask());
        var after = await provider.CheckHealthAsync();

        Assert.IsTrue(before is { Alive: true, Ready: true }, before.Description);
        Assert.IsTrue(after is { Alive: false, Ready: false }, after.Description);
        StringAssert.Contains(after.Description, "Open a new provider");
        Assert.AreEqual(StreamErrorKind.Fatal, error.Kind);
    }

    [TestMethod]
    public async Task The_meter_counts_what_happens_and_shows_lag_and_round_trips()
    {
        using var metrics = new Metrics();
        var topic = Topic();
        var tag = $"messaging.destination.name={topic}";
        await using (var provider = await KafkaProviders.OpenAsync(options => options.StatisticsInterval = TimeSpan.FromMilliseconds(100)))
        {
            await provider.Admin.CreateTopicAsync(new TopicSpec(topic));
            await using var producer = await provider.OpenProducerAsync(topic);
            await producer.SendAllAsync(Enumerable.Range(0, 10).Select(_ => new StreamRecord("k"u8.ToArray(), "v"u8.ToArray())));
            await using var consumer = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = "counted" });
            for (var read = 0; read < 10;)
            {
                read += (await consumer.ReadAsync(Eventually.Patience)).Records.Count;
            }

            await consumer.CommitAsync([new StreamPosition(0, 6)]);

            await Eventually.TrueAsync(() => Seen(metrics, "messaging.kafka.consumer.lag", tag).EndsWith($"3 {tag}", StringComparison.Ordinal), "a lag of three");
            await Eventually.TrueAsync(() => Seen(metrics, "messaging.kafka.broker.rtt", "").Length > 0, "a round trip");
            Assert.IsGreaterThanOrEqualTo(1, metrics.Sum("messaging.kafka.consumer.rebalances", tag));
            StringAssert.Contains(Seen(metrics, "messaging.kafka.producer.queue.messages", "producer"), "0 producer");
            await consumer.DisposeAsync();
            metrics.Clear();
            Assert.AreEqual("", Seen(metrics, "messaging.kafka.consumer.lag", tag), "A client that is closed shows nothing.");
        }

        metrics.Clear();
        Assert.AreEqual("", Seen(metrics, "messaging.kafka.consumer.lag", tag));
    }

    // What gauges show now that carries the text: their values with it.
    private static string Seen(Metrics metrics, string name, string text)
    {
        metrics.Collect();
        return string.Join("; ", metrics.Of(name).Split("; ").Where(line => line.Length > 0 && line.Contains(text, StringComparison.Ordinal)).Select(line => $"{line.Split(' ')[0]} {text}"));
    }

    // librdkafka's own way to try this.
    private static void Kill(KafkaProvider provider)
    {
        const BindingFlags hidden = BindingFlags.Instance | BindingFlags.NonPublic;
        var cluster = (DashStream.Providers.KafkaCluster)typeof(KafkaProvider).GetField("_cluster", hidden)!.GetValue(provider)!;
        var client = cluster.Producer(NativeConfig.StandardBatchBytes).Handle;
        var handle = (SafeHandle)typeof(Handle).GetProperty("LibrdkafkaHandle", hidden)!.GetValue(client)!;
        var library = NativeLibrary.Load("librdkafka", typeof(Handle).Assembly, searchPath: null);
        var test = Marshal.GetDelegateForFunctionPointer<TestFatalError>(NativeLibrary.GetExport(library, "rd_kafka_test_fatal_error"));
        Assert.AreEqual(0, test(handle.DangerousGetHandle(), (int)ErrorCode.OutOfOrderSequenceNumber, Encoding.ASCII.GetBytes("tried\0")));
    }

    private static string Topic() => $"health-{Guid.NewGuid():N}";
}
