using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>librdkafka's statistics, as they should be and as they should not.</summary>
[TestClass]
public sealed class StatisticsReaderTests
{
    [TestMethod]
    public void Queue_round_trips_and_lag_are_read()
    {
        const string json = """
            {"type":"producer","msg_cnt":7,"msg_size":900,
             "brokers":{"a:1/1":{"nodeid":1,"nodename":"a:1","rtt":{"cnt":3,"avg":1500}},
                        "idle":{"nodeid":2,"nodename":"b:1","rtt":{"cnt":0,"avg":0}},
                        "bootstrap":{"nodeid":-1,"nodename":"c:1","rtt":{"cnt":3,"avg":9}}},
             "topics":{"t":{"partitions":{"0":{"partition":0,"consumer_lag":12,"app_offset":5,"hi_offset":100},
                                          "1":{"partition":1,"consumer_lag":-1,"app_offset":90,"hi_offset":100},
                                          "2":{"partition":2,"consumer_lag":-1,"app_offset":-1001,"hi_offset":100},
                                          "-1":{"partition":-1,"consumer_lag":3}}}}}
            """;

        Assert.IsTrue(StatisticsReader.TryRead(json, out var read));

        Assert.AreEqual((true, 7, 900), (read.IsProducer, read.QueuedMessages, read.QueuedBytes));
        Assert.AreEqual("0.0015 a:1", string.Join(", ", read.RoundTrips.Select(Text)));
        Assert.AreEqual("12 t 0, 10 t 1", string.Join(", ", read.Lags.Select(Text)));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("{")]
    [DataRow("[]")]
    [DataRow("7")]
    [DataRow("null")]
    [DataRow("{\"type\":\"producer\",\"msg_cnt\":1.5}")]
    [DataRow("{\"type\":\"producer\",\"msg_cnt\":1e300}")]
    [DataRow("{\"brokers\":{\"a\":7}}")]
    [DataRow("{\"brokers\":{\"a\":{\"nodeid\":1,\"rtt\":7}}}")]
    [DataRow("{\"topics\":{\"t\":{\"partitions\":{\"0\":[]}}}}")]
    public void What_is_no_statistics_is_passed_over(string json)
    {
        Assert.IsFalse(StatisticsReader.TryRead(json, out var read));

        Assert.IsEmpty(read.RoundTrips);
    }

    [TestMethod]
    [DataRow("{}")]
    [DataRow("{\"type\":7,\"msg_cnt\":\"many\",\"brokers\":[],\"topics\":null}")]
    [DataRow("{\"brokers\":{\"a\":{\"nodeid\":1,\"rtt\":{\"cnt\":1,\"avg\":2}}}}")]
    [DataRow("{\"topics\":{\"t\":{}}}")]
    public void What_is_missing_is_not_made_up(string json)
    {
        Assert.IsTrue(StatisticsReader.TryRead(json, out var read));

        Assert.IsFalse(read.IsProducer);
        Assert.IsEmpty(read.Lags);
    }

    private static string Text(Statistic statistic) => FormattableString.Invariant($"{statistic.Value} {string.Join(' ', statistic.Tags.Select(tag => tag.Value))}");
}
