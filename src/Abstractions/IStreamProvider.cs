namespace DashStream;

/// <summary>
/// A log backend: opens producers and consumers and shares what they need. Safe for concurrent use. It belongs to who made it and is disposed last; producers
/// and consumers never dispose it. Making one does no I/O; the first use does.
/// </summary>
public interface IStreamProvider : IAsyncDisposable
{
    /// <summary>Short name, such as <c>memory</c> or <c>sqlite</c>: the telemetry's <c>messaging.system</c>.</summary>
    string Name { get; }

    /// <summary>What this provider promises and what it cannot do. Tested both ways by the conformance suite.</summary>
    ProviderCapabilities Capabilities { get; }

    /// <summary>Topics and groups.</summary>
    IStreamAdmin Admin { get; }

    /// <summary>Opens a producer. A missing topic is created or refused with <see cref="StreamErrorKind.NotFound"/>, as the provider's options say.</summary>
    ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default);

    /// <summary>Opens a consumer and, with a group, joins it. Returns before partitions are assigned.</summary>
    ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default);

    /// <summary>Asks the backend now. Never throws for a sick backend: the report says it.</summary>
    ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default);
}
