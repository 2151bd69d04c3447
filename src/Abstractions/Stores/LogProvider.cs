namespace DashStream.Stores;

/// <summary>
/// Makes a whole provider of an <see cref="ILogStore"/>: batching and ordering producers, group and standalone consumers, admin, health, bounded disposal.
/// A provider without a client of its own is a class that owns one of these and forwards to it. Safe for concurrent use. Making one does no I/O.
/// </summary>
public sealed class LogProvider : IStreamProvider
{
    private const int CreateAttempts = 5;

    // Producers and consumers stop within their own deadlines; this is for one that does not.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan HealthLimit = TimeSpan.FromSeconds(5);

    private readonly ILogStore _store;
    private readonly LogProviderOptions _options;
    private readonly TimeProvider _time;
    private readonly OpenHandles _handles = new();
    private readonly Lock _disposeGate = new();
    private Task? _dispose;

    /// <summary>Wraps a store, which belongs to the provider from now on.</summary>
    /// <param name="name">Short name, such as <c>sqlite</c>.</param>
    /// <param name="store">The storage.</param>
    /// <param name="capabilities">What provider and store promise. The record limit is the lower one of this and the options.</param>
    /// <param name="options">Settings; read now and not watched.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public LogProvider(string name, ILogStore store, ProviderCapabilities capabilities, LogProviderOptions options, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(capabilities);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Name = name;
        Capabilities = capabilities with { MaxRecordBytes = Math.Min(capabilities.MaxRecordBytes, options.MaxRecordBytes) };
        _store = store;
        _options = options;
        _time = time ?? TimeProvider.System;
        Admin = new LogAdmin(this, store, _time);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public ProviderCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public IStreamAdmin Admin { get; }

    /// <inheritdoc/>
    public async ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default)
    {
        var spec = await EnsureTopicAsync(topic, cancellationToken).ConfigureAwait(false);
        return _store.StoresPartitionsApart && spec.Partitions > 1
            ? await KeepAsync(new SpreadProducer(_store, spec, Capabilities.MaxRecordBytes, _options, _time)).ConfigureAwait(false)
            : await KeepAsync(new BatchingProducer(_store, spec, Capabilities.MaxRecordBytes, _options, _time)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var spec = await EnsureTopicAsync(topic, cancellationToken).ConfigureAwait(false);
        return await KeepAsync(await LogConsumer.OpenAsync(_store, spec, options, _time, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default)
    {
        if (_handles.IsClosed)
        {
            return new StreamHealth(Alive: false, Ready: false, $"The {Name} provider was disposed.", []);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // On another thread, since a store may block in its call.
            var check = Task.Run(() => _store.CheckAsync(limit.Token).AsTask(), limit.Token);
            var warnings = await check.OrLeaveAsync(HealthLimit, _time, cancellationToken).ConfigureAwait(false);
            return new StreamHealth(Alive: true, Ready: true, $"The {Name} store answers.", warnings);
        }
        catch (TimeoutException)
        {
            await limit.CancelAsync().ConfigureAwait(false);
            return new StreamHealth(Alive: true, Ready: false, $"The {Name} store did not answer within {HealthLimit.TotalSeconds:0} s.", []);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var alive = e is not StreamException { Kind: StreamErrorKind.Fatal };
            return new StreamHealth(alive, Ready: false, $"The {Name} store fails: {e.Message}", []);
        }
    }

    /// <summary>Stops what is still open, within a bound, then disposes the store. Calling it again waits for the same end.</summary>
    public async ValueTask DisposeAsync()
    {
        Task dispose;
        lock (_disposeGate)
        {
            dispose = _dispose ??= DisposeOnceAsync();
        }

        await dispose.ConfigureAwait(false);
    }

    internal void ThrowIfDisposed()
    {
        if (_handles.IsClosed)
        {
            throw Disposed();
        }
    }

    private async Task DisposeOnceAsync()
    {
        var stops = _handles.Close().Select(static handle => handle.DisposeAsync().AsTask());
        try
        {
            // What fails or hangs here told its own callers; the store must be closed all the same.
            await Task.WhenAll(stops).WaitAsync(StopLimit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await _store.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<THandle> KeepAsync<THandle>(THandle handle)
        where THandle : IAsyncDisposable
    {
        if (_handles.TryAdd(handle))
        {
            return handle;
        }

        await handle.DisposeAsync().ConfigureAwait(false);
        throw Disposed();
    }

    private async ValueTask<TopicSpec> EnsureTopicAsync(string topic, CancellationToken cancellationToken)
    {
        StreamNames.ThrowIfInvalidTopic(topic);
        for (var attempt = 0; attempt < CreateAttempts; attempt++)
        {
            ThrowIfDisposed();
            cancellationToken.ThrowIfCancellationRequested();
            var spec = await _store.FindTopicAsync(topic, cancellationToken).ConfigureAwait(false);
            if (spec is not null)
            {
                return spec;
            }

            if (!_options.CreateMissingTopics)
            {
                throw LogAdmin.NoTopic(topic);
            }

            spec = new TopicSpec(topic, _options.DefaultPartitions);
            if (await _store.TryCreateTopicAsync(spec, cancellationToken).ConfigureAwait(false))
            {
                return spec;
            }
        }

        throw new StreamException(StreamErrorKind.Transient, $"Topic '{topic}' was made and deleted by others {CreateAttempts} times over. Try again.");
    }

    private StreamException Disposed() => new(StreamErrorKind.Closed, $"The {Name} provider was disposed.");
}
