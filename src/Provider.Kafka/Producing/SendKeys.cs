using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Gives Confluent's producer, to which the send itself is the key, the bytes of the record's key. Safe for concurrent use.</summary>
internal sealed class SendKeys : ISerializer<KafkaSend>
{
    private SendKeys()
    {
    }

    /// <summary>The only one.</summary>
    public static SendKeys Instance { get; } = new();

    public byte[]? Serialize(KafkaSend data, SerializationContext context) => data.TakeKey();
}
