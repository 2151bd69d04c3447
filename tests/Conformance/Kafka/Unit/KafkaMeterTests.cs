using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>The instruments, fed by hand.</summary>
[TestClass]
public sealed class KafkaMeterTests
{
    private const string Statistics = """
        {"type":"producer","msg_cnt":7,"msg_size":900,"brokers":{"a":{"nodeid":1,"nodename":"a:1","rtt":{"cnt":1,"avg":2000}}},
         "topics":{"t":{"partitions":{"0":{"partition":0,"consumer_lag":12}}}}}
        """;

    [TestMethod]
    public void Every_instrument_has_a_name_a_unit_and_a_description()
    {
        using var metrics = new Metrics("a:1");
        using var meter = new KafkaMeter("a:1");

        CollectionAssert.AreEquivalent(
            (string[])[
                "messaging.kafka.consumer.rebalances {rebalance}",
                "messaging.kafka.producer.queue.messages {message}", "messaging.kafka.producer.queue.size By", "messaging.kafka.broker.rtt s",
                "messaging.kafka.consumer.lag {message}",
            ],
            metrics.Instruments.Select(instrument => $"{instrument.Name} {instrument.Unit}").Distinct().ToList());
        Assert.IsTrue(metrics.Instruments.All(instrument => instrument.Description is { Length: > 10 }));
    }

    [TestMethod]
    public void Counts_carry_the_tags_of_the_conventions()
    {
        using var metrics = new Metrics("a:1");
        using var meter = new KafkaMeter("a:1");

        meter.Rebalanced("t", "g", "assigned");

        StringAssert.Contains(metrics.Of("messaging.kafka.consumer.rebalances"), "messaging.kafka.consumer.rebalance=assigned");
    }

    [TestMethod]
    public void Gauges_show_what_each_client_said_last_until_it_is_closed()
    {
        using var metrics = new Metrics("a:1");
        using var meter = new KafkaMeter("a:1");

        meter.OnStatistics("producer-1", Statistics);
        meter.OnStatistics("admin-1", Statistics, isAdmin: true);
        meter.OnStatistics("producer-1", "{ damaged");
        metrics.Collect();

        Assert.AreEqual("7 messaging.client.id=producer-1 messaging.system=kafka server.address=a:1", metrics.Of("messaging.kafka.producer.queue.messages"));
        Assert.AreEqual("900 messaging.client.id=producer-1 messaging.system=kafka server.address=a:1", metrics.Of("messaging.kafka.producer.queue.size"));
        StringAssert.Contains(metrics.Of("messaging.kafka.broker.rtt"), "0.002 messaging.client.id=producer-1 messaging.kafka.broker=a:1");
        StringAssert.Contains(metrics.Of("messaging.kafka.consumer.lag"), "12 messaging.client.id=producer-1 messaging.destination.name=t messaging.destination.partition.id=0");

        meter.Forget("producer-1");
        metrics.Clear();
        metrics.Collect();

        Assert.AreEqual("", metrics.Of("messaging.kafka.producer.queue.messages"));
    }

    [TestMethod]
    public void Nothing_is_read_or_allocated_while_nobody_listens()
    {
        using var meter = new KafkaMeter("a:1");
        Exercise(meter);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++)
        {
            Exercise(meter);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Exercise(KafkaMeter meter)
    {
        meter.Rebalanced("t", "g", "assigned");
        meter.OnStatistics("producer-1", Statistics);
    }
}
