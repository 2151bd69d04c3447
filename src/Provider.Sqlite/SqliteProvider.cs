using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>
/// Streams in one SQLite database on a local disk. Any number of processes may use it at once, and all see each other's records without polling. Safe for
/// concurrent use.
/// </summary>
public sealed class SqliteProvider : IStreamProvider
{
    private readonly LogProvider _log;

    /// <summary>Makes a provider; the database is opened, or made, by the first call that needs it.</summary>
    /// <param name="path">The database file. A missing one is made, folders included. Write-ahead log and shared memory lie beside it.</param>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <exception cref="ArgumentException">The path is empty or not a path.</exception>
    /// <exception cref="StreamException">An option is out of range, or the path is one of SQLite's special names
    /// (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public SqliteProvider(string path, SqliteProviderOptions? options = null, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (path.StartsWith(':') || path.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"'{path}' is one of SQLite's special names, not the path of a file. For streams in memory take the memory provider.");
        }

        options ??= new SqliteProviderOptions();
        options.Validate();
        var capabilities = new ProviderCapabilities
        {
            Durability = options.Synchronous == SqliteSynchronous.Full ? StreamDurability.Disk : StreamDurability.Machine,
            Persistent = true,
            MultiProcess = true,
            RetentionByAge = true,
            RetentionBySize = true,
            RetentionOnDemand = true,
            CountsRecords = true,
            MaxRecordBytes = options.MaxRecordBytes,
        };
        _log = new LogProvider("sqlite", new SqliteLogStore(path, options, time ?? TimeProvider.System), capabilities, options, time);
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

    /// <summary>Stops what is still open, finishes what waits to be written, and closes the database.</summary>
    public ValueTask DisposeAsync() => _log.DisposeAsync();
}
