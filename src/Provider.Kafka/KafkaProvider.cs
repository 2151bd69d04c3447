using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DashStream.Providers;

/// <summary>
/// Streams on Apache Kafka, 3.9 and newer: groups, fencing and durability are Kafka's own, through librdkafka. Safe for concurrent use. Making one does no I/O;
/// the first use does. All producers share one native client; every consumer has its own.
/// </summary>
public sealed class KafkaProvider : IStreamProvider
{
    // Producers and consumers stop within their own deadlines; this is for one that does not.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan HealthLimit = TimeSpan.FromSeconds(5);

    private readonly KafkaCluster _cluster;
    private readonly KafkaTopics _topics;
    private readonly LogOffsets _offsets;
    private readonly KafkaAdmin _admin;
    private readonly ProducerTopics _producerTopics;
    private readonly Lock _gate = new();
    private readonly HashSet<IAsyncDisposable> _open = [];
    private Task? _dispose;

    /// <summary>Makes a provider; nothing is sent before its first use.</summary>
    /// <param name="options">Settings; null means the defaults. Read now and not watched.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <param name="logger">Where warnings and librdkafka's log lines go; null means nowhere.</param>
    /// <exception cref="StreamException">An option is out of range or does not fit another (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public KafkaProvider(KafkaProviderOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        options ??= new KafkaProviderOptions();
        options.Validate();
        _cluster = new KafkaCluster(options, time ?? TimeProvider.System, logger ?? NullLogger.Instance);
        _topics = new KafkaTopics(_cluster);
        _offsets = new LogOffsets(_cluster);
        _admin = new KafkaAdmin(_cluster, _topics, _offsets);
        _producerTopics = new ProducerTopics(_cluster, _topics);
        Capabilities = new ProviderCapabilities
        {
            Durability = StreamDurability.Replicated,
            Persistent = true,
            MultiProcess = true,
            TimestampResolutionUs = 1000,
            RetentionByAge = true,
            RetentionBySize = true,
            ExactRetention = false,
            RetentionOnDemand = false,
            CountsRecords = true,
            MaxRecordBytes = options.MaxRecordBytes,
        };
    }

    /// <inheritdoc/>
    public string Name => "kafka";

    /// <summary>
    /// What Kafka promises. Durability is the topic's: a send is complete when all in-sync replicas have it, which is one broker where the topic has one replica.
    /// Records and lag are counted by offsets, so they are exact unless the topic is compacted or written to by transactions; then they are upper bounds.
    /// Retention removes whole segments, in the brokers' own time.
    /// </summary>
    public ProviderCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public IStreamAdmin Admin => _admin;

    /// <inheritdoc/>
    public async ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        StreamNames.ThrowIfInvalidTopic(topic);
        var found = await _topics.EnsureAsync(topic, cancellationToken).ConfigureAwait(false);
        var (client, limit) = await _producerTopics.PrepareAsync(found, cancellationToken).ConfigureAwait(false);
        return await KeepAsync(new KafkaProducer(_cluster, client, topic, found.Partitions.Count, limit) { Stopped = Forget }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ThrowIfClosed();
        StreamNames.ThrowIfInvalidTopic(topic);
        options.Validate();
        var own = Copy(options);
        var found = await _topics.EnsureAsync(topic, cancellationToken).ConfigureAwait(false);
        var consumer = await KafkaConsumer.OpenAsync(_cluster, _offsets, topic, found.Partitions.Count, own, cancellationToken).ConfigureAwait(false);
        consumer.Stopped = Forget;
        return await KeepAsync(consumer).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default)
    {
        var servers = _cluster.Servers;
        if (IsClosed || _cluster.IsDisposed)
        {
            return new StreamHealth(Alive: false, Ready: false, $"The kafka provider of {servers} was disposed.", []);
        }

        if (_cluster.Watch.Fatal is { } fatal)
        {
            return new StreamHealth(Alive: false, Ready: false, $"The kafka client of {servers} cannot go on after {fatal.Code}. Open a new provider.", []);
        }

        try
        {
            return await AskBrokersAsync(cancellationToken).ConfigureAwait(false) is { } brokers
                ? new StreamHealth(Alive: true, Ready: true, $"The Kafka cluster at {servers} answers with {brokers} broker(s).", [])
                : new StreamHealth(Alive: true, Ready: false, $"No broker of {servers} answered within {HealthLimit.TotalSeconds:0} s. Last seen: {_cluster.Watch.LastTrouble ?? "nothing"}.", []);
        }
        catch (StreamException e)
        {
            return new StreamHealth(Alive: true, Ready: false, e.Message, []);
        }
    }

    /// <summary>Stops what is still open, within a bound, then closes the shared clients. Calling it again waits for the same end.</summary>
    public async ValueTask DisposeAsync()
    {
        Task dispose;
        lock (_gate)
        {
            dispose = _dispose ??= DisposeOnceAsync([.. _open]);
        }

        await dispose.ConfigureAwait(false);
    }

    // The cluster's description is cheap but comes from the controller, which may be gone; metadata comes from any broker that is up.
    private async Task<int?> AskBrokersAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await _cluster.Calls.TryAskAsync(
                "Asking for health",
                static (admin, limit) => admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = limit }),
                cancellationToken,
                HealthLimit / 2).ConfigureAwait(false);
            return found.Nodes.Count;
        }
        catch (KafkaException)
        {
            return (await _cluster.Calls.RefreshAsync(HealthLimit / 2, cancellationToken).ConfigureAwait(false))?.Brokers.Count;
        }
    }

    private async Task DisposeOnceAsync(IReadOnlyList<IAsyncDisposable> open)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

        // What fails or hangs here told its own callers; the clients must be closed all the same.
        await Task.WhenAll(open.Select(static handle => handle.DisposeAsync().AsTask())).WaitAsync(StopLimit, _cluster.Time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Closing joins librdkafka's threads, which may be waiting for a broker.
        await Task.Run(async () => await _cluster.DisposeAsync().ConfigureAwait(false)).WaitAsync(StopLimit, _cluster.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _dispose is not null;
            }
        }
    }

    private void ThrowIfClosed()
    {
        if (IsClosed)
        {
            throw _cluster.Disposed();
        }
    }

    private async ValueTask<THandle> KeepAsync<THandle>(THandle handle)
        where THandle : IAsyncDisposable
    {
        lock (_gate)
        {
            if (_dispose is null)
            {
                _open.Add(handle);
                return handle;
            }
        }

        await handle.DisposeAsync().ConfigureAwait(false);
        throw _cluster.Disposed();
    }

    private void Forget(IAsyncDisposable handle)
    {
        lock (_gate)
        {
            _open.Remove(handle);
        }
    }

    // The caller may go on changing its own.
    private static StreamConsumerOptions Copy(StreamConsumerOptions options) => new()
    {
        Group = options.Group,
        Partitions = options.Partitions is { } partitions ? [.. partitions] : null,
        Start = options.Start,
        Listener = options.Listener,
        MemberName = options.MemberName,
        SessionTimeout = options.SessionTimeout,
        HeartbeatInterval = options.HeartbeatInterval,
        MaxBatchRecords = options.MaxBatchRecords,
        MaxBatchBytes = options.MaxBatchBytes,
    };
}
