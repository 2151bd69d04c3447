namespace DashStream.Tests.DependencyInjection;

/// <summary>A decorator as a user would write one.</summary>
internal sealed class CountingProvider(IStreamProvider inner) : IStreamProvider
{
    public int Opened { get; private set; }

    /// <summary>What the next opening of a producer throws.</summary>
    public Exception? OpenError { get; set; }

    public string Name => inner.Name;

    public ProviderCapabilities Capabilities => inner.Capabilities;

    public IStreamAdmin Admin => inner.Admin;

    public ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default)
    {
        Opened++;
        if (OpenError is { } error)
        {
            OpenError = null;
            throw error;
        }

        return inner.OpenProducerAsync(topic, cancellationToken);
    }

    public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        inner.OpenConsumerAsync(topic, options, cancellationToken);

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => inner.CheckHealthAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
