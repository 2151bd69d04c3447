using Confluent.Kafka;

namespace DashStream.Conformance.Servers;

/// <content>What the Kafka client says while a broker cannot answer.</content>
internal static partial class Eventually
{
    private static partial bool IsNotYet(Exception error) => error is KafkaException;
}
