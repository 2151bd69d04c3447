using DashStream.Providers;

namespace DashStream.Tests.Health;

/// <summary>Memory that says of its health, and does when opened, what the test wants.</summary>
internal sealed class TunableProvider : IStreamProvider
{
    private readonly MemoryProvider _inner = new();

    public Func<CancellationToken, ValueTask<StreamHealth>> Health { get; set; } = _ => new(new StreamHealth(true, true, "fine", []));

    public Exception? OpenError { get; set; }

    public string Name => "tunable";

    public ProviderCapabilities Capabilities => _inner.Capabilities;

    public IStreamAdmin Admin => _inner.Admin;

    public ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) => _inner.OpenProducerAsync(topic, cancellationToken);

    public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        OpenError is { } error ? throw error : _inner.OpenConsumerAsync(topic, options, cancellationToken);

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => Health(cancellationToken);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
