using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>
/// Streams in the memory of this process: nothing outlives the provider, everything else is as with the others. Bounded by
/// <see cref="MemoryProviderOptions"/>. Safe for concurrent use.
/// </summary>
public sealed class MemoryProvider : IStreamProvider
{
    private readonly LogProvider _log;

    /// <summary>Makes an empty provider.</summary>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public MemoryProvider(MemoryProviderOptions? options = null, TimeProvider? time = null)
    {
        options ??= new MemoryProviderOptions();
        options.Validate();
        var capabilities = new ProviderCapabilities
        {
            Durability = StreamDurability.Process,
            Persistent = false,
            MultiProcess = false,
            RetentionByAge = true,
            RetentionBySize = true,
            RetentionOnDemand = true,
            CountsRecords = true,
            MaxRecordBytes = options.MaxRecordBytes,
        };
        _log = new LogProvider("memory", new MemoryLogStore(options, time ?? TimeProvider.System), capabilities, options, time);
    }

    /// <inheritdoc/>
    public string Name => _log.Name;

    /// <inheritdoc/>
    public ProviderCapabilities Capabilities => _log.Capabilities;

    /// <inheritdoc/>
    public IStreamAdmin Admin => _log.Admin;

    /// <inheritdoc/>
    public ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) =>
        _log.OpenProducerAsync(topic, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        _log.OpenConsumerAsync(topic, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => _log.CheckHealthAsync(cancellationToken);

    /// <summary>Stops what is still open and forgets every topic.</summary>
    public ValueTask DisposeAsync() => _log.DisposeAsync();
}
