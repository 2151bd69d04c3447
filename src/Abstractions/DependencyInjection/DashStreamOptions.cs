namespace DashStream;

/// <summary>Settings of one registered stream, bound from configuration.</summary>
public sealed class DashStreamOptions
{
    /// <summary>Settings of its producers.</summary>
    public DashStreamProducerOptions Producer { get; set; } = new();

    /// <summary>Settings of its consumers; a handler's own settings come on top.</summary>
    public DashStreamConsumerOptions Consumer { get; set; } = new();

    internal IEnumerable<string> Faults() =>
        Producer.Faults().Select(fault => $"{nameof(Producer)}:{fault}").Concat(Consumer.Faults().Select(fault => $"{nameof(Consumer)}:{fault}"));
}
