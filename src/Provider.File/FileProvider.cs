using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>
/// Streams in plain files of one folder: no server, several processes at once, nothing acknowledged is lost when one of them is killed. The folder must lie
/// on a local file system. Safe for concurrent use. See the package's README for the files.
/// </summary>
public sealed class FileProvider : IStreamProvider
{
    private readonly FileLogStore _store;
    private readonly LogProvider _log;
    private readonly bool _syncOnFlush;

    /// <summary>A provider over a folder. Nothing is read or written before the first use; the folder is made with the first topic.</summary>
    /// <param name="directory">The folder: a store, empty, or not there yet.</param>
    /// <param name="options">Settings; null means the defaults. Read now and not watched.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <exception cref="ArgumentException">The folder name is empty or no path.</exception>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public FileProvider(string directory, FileProviderOptions? options = null, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        options = (options ?? new FileProviderOptions()).Copy();
        options.Validate();
        _syncOnFlush = options.Fsync == FsyncPolicy.OnFlush;
        _store = new FileLogStore(directory, options, time);
        var capabilities = new ProviderCapabilities
        {
            Durability = options.Fsync == FsyncPolicy.EachAppend ? StreamDurability.Disk : StreamDurability.Machine,
            Persistent = true,
            MultiProcess = true,
            RetentionByAge = true,
            RetentionBySize = true,
            RetentionOnDemand = true,
            CountsRecords = true,
            MaxRecordBytes = options.MaxRecordBytes,
        };
        _log = new LogProvider("file", _store, capabilities, options, time);
    }

    /// <inheritdoc/>
    public string Name => _log.Name;

    /// <inheritdoc/>
    public ProviderCapabilities Capabilities => _log.Capabilities;

    /// <inheritdoc/>
    public IStreamAdmin Admin => _log.Admin;

    /// <summary>
    /// What this provider found and mended since it was made: unfinished appends of killed processes that it cut off, damage, missing records. At most the
    /// latest 100, oldest first; the health report tells them too.
    /// </summary>
    public IReadOnlyList<FileRecovery> Recoveries => _store.Recoveries;

    /// <inheritdoc/>
    public async ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default)
    {
        var producer = await _log.OpenProducerAsync(topic, cancellationToken).ConfigureAwait(false);
        return _syncOnFlush ? new SyncingProducer(producer, _store) : producer;
    }

    /// <inheritdoc/>
    public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        _log.OpenConsumerAsync(topic, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => _log.CheckHealthAsync(cancellationToken);

    /// <summary>Stops what is still open and closes the files. Everything stays on disk.</summary>
    public ValueTask DisposeAsync() => _log.DisposeAsync();
}
