using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>
/// Streams on a Redis or Valkey server, or a cluster of them: one stream a partition. Any number of processes may use it at once. Safe for concurrent use.
/// </summary>
public sealed class RedisProvider : IStreamProvider
{
    private readonly LogProvider _log;

    /// <summary>Makes a provider for a server without further settings; it connects with the first call that needs it.</summary>
    /// <param name="endpoints"><c>HOST:PORT</c>, several parted by commas.</param>
    /// <exception cref="StreamException">The endpoints are wrong (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public RedisProvider(string endpoints)
        : this(At(endpoints))
    {
    }

    /// <summary>Makes a provider; it connects with the first call that needs it.</summary>
    /// <param name="options">Settings; null means the defaults, with a server at <c>localhost:6379</c>.</param>
    /// <param name="time">The clock; null means the system's. Groups and ids go by the server's.</param>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public RedisProvider(RedisProviderOptions? options = null, TimeProvider? time = null)
    {
        options ??= new RedisProviderOptions();
        options.Validate();
        var capabilities = new ProviderCapabilities
        {
            Durability = options.MinReplicas > 0 ? StreamDurability.Replicated : StreamDurability.Machine,
            Persistent = true,
            MultiProcess = true,
            RetentionByAge = true,
            RetentionBySize = true,
            RetentionOnDemand = true,
            ExactRetention = !options.ApproximateTrim,
            CountsRecords = true,
            MaxRecordBytes = options.MaxRecordBytes,
        };
        _log = new LogProvider("redis", new RedisLogStore(options, time ?? TimeProvider.System), capabilities, options, time);
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

    /// <summary>Stops what is still open, finishes what waits to be sent, and closes the connections.</summary>
    public ValueTask DisposeAsync() => _log.DisposeAsync();

    private static RedisProviderOptions At(string endpoints)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(endpoints);
        var options = new RedisProviderOptions();
        options.Connection.Endpoints = endpoints;
        return options;
    }
}
