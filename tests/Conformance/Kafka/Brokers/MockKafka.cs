using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>
/// The mock cluster inside librdkafka: it takes producers and groups over TCP, makes topics of four partitions on first use, keeps about 5 MB in each and knows no
/// administration. It shows that the way through the client is whole, not that the provider works.
/// </summary>
internal static class MockKafka
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static KafkaServer Start(string whyNotReal)
    {
        var config = new AdminClientConfig { BootstrapServers = "mock" };
        config.Set("test.mock.num.brokers", "1");
        var host = new AdminClientBuilder(config).SetLogHandler((_, _) => { }).Build();
        var brokers = host.GetMetadata(Patience).Brokers.Select(broker => $"{broker.Host}:{broker.Port}");
        return new KafkaServer(string.Join(',', brokers), $"the mock cluster in librdkafka: {whyNotReal}", IsReal: false, End);

        ValueTask End()
        {
            host.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
