namespace DashStream.Conformance.Providers.Faults;

/// <summary>A provider that breaks chosen rules over one that keeps them, to see whether the suite notices.</summary>
internal sealed class FaultyProvider(IStreamProvider inner, FaultSet faults) : IStreamProvider
{
    public string Name => inner.Name;

    public ProviderCapabilities Capabilities => faults.Claims(inner.Capabilities);

    public IStreamAdmin Admin => inner.Admin;

    public async ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) =>
        new FaultyProducer(await inner.OpenProducerAsync(topic, cancellationToken), faults);

    public async ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        new FaultyConsumer(await inner.OpenConsumerAsync(topic, options, cancellationToken), faults);

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => inner.CheckHealthAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
