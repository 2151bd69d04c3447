using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace DashStream.Providers;

/// <summary>
/// What everything that a provider opens shares: the options, one administration client, the sending clients, and what is known of the cluster's health.
/// Clients are made when they are first needed. Safe for concurrent use.
/// </summary>
internal sealed class KafkaCluster : IAsyncDisposable
{
    private readonly NativeConfig _config;
    private readonly SecretScrubber _scrubber;
    private readonly TokenRefresher? _tokens;
    private readonly Lazy<IsolationLevel> _isolation;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly Dictionary<int, IProducer<KafkaSend, byte[]?>> _producers = [];
    private readonly AdminClients _admins;
    private AdminClients? _commitReaders;
    private ClusterCalls? _commits;
    private int _adminsMade;
    private int _commitReadersMade;
    private bool _disposed;

    public KafkaCluster(KafkaProviderOptions options, TimeProvider time, ILogger logger)
    {
        Options = options;
        Time = time;
        Logger = logger;
        Servers = BrokerList.Normalize(options.BootstrapServers);
        _config = new NativeConfig(options);
        _isolation = new Lazy<IsolationLevel>(() => _config.ForConsumer(new StreamConsumerOptions { Partitions = [0] }, "").IsolationLevel ?? IsolationLevel.ReadCommitted);
        _scrubber = new SecretScrubber(options);
        _tokens = options.Security.TokenProvider is { } provider ? new TokenRefresher(provider, _scrubber, _stop.Token) : null;
        Watch = new ClusterWatch(Servers, _scrubber, CertificateProbe.For(options), time, logger);
        Meter = new KafkaMeter(Servers);
        _admins = new AdminClients(MakeAdmin, Close, time);
        Calls = new ClusterCalls(this, _admins);
    }

    public KafkaProviderOptions Options { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public string Servers { get; }

    public ClusterWatch Watch { get; }

    public KafkaMeter Meter { get; }

    /// <summary>Asks for everything but commits.</summary>
    public ClusterCalls Calls { get; }

    /// <summary>Completes when the provider is disposed: nobody waits for an answer any more.</summary>
    public Task Closing => _closing.Task;

    /// <summary>
    /// Where readers see the log end: before the first open transaction, unless native settings have them read what nobody committed yet.
    /// </summary>
    public IsolationLevel Isolation => _isolation.Value;

    /// <summary>Whether <see cref="DisposeAsync"/> was called.</summary>
    public bool IsDisposed
    {
        get
        {
            lock (_gate)
            {
                return _disposed;
            }
        }
    }

    /// <exception cref="StreamException">The provider was disposed (<see cref="StreamErrorKind.Closed"/>).</exception>
    public void ThrowIfDisposed()
    {
        if (IsDisposed)
        {
            throw Disposed();
        }
    }

    /// <summary>The client that sends, made at first use and shared by all producers whose topics take batches of that size.</summary>
    public IProducer<KafkaSend, byte[]?> Producer(int batchBytes)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                throw Disposed();
            }

            if (!_producers.TryGetValue(batchBytes, out var producer))
            {
                var builder = new ProducerBuilder<KafkaSend, byte[]?>(Known(_config.ForProducer(batchBytes)))
                    .SetKeySerializer(SendKeys.Instance)
                    .SetValueSerializer(Serializers.ByteArray!)
                    .SetErrorHandler((_, error) => Watch.OnError(error))
                    .SetLogHandler((_, message) => Watch.OnLog(message))
                    .SetStatisticsHandler((client, json) => Meter.OnStatistics(client.Name, json));
                if (_tokens is { } tokens)
                {
                    builder.SetOAuthBearerTokenRefreshHandler((client, _) => tokens.Refresh(client));
                }

                producer = Make(builder.Build);
                _producers.Add(batchBytes, producer);
            }

            return producer;
        }
    }

    /// <summary>Makes a client that reads; it belongs to the caller.</summary>
    /// <param name="options">How to read.</param>
    /// <param name="groupId">The group's id at the brokers.</param>
    /// <param name="configure">Adds the handlers of assignments.</param>
    public IConsumer<byte[]?, byte[]?> Consumer(
        StreamConsumerOptions options, string groupId, Action<ConsumerBuilder<byte[]?, byte[]?>> configure)
    {
        var builder = new ConsumerBuilder<byte[]?, byte[]?>(Known(_config.ForConsumer(options, groupId)))
            .SetKeyDeserializer(Deserializers.ByteArray!)
            .SetValueDeserializer(Deserializers.ByteArray!)
            .SetErrorHandler((_, error) => Watch.OnError(error))
            .SetLogHandler((_, message) => Watch.OnLog(message))
            .SetStatisticsHandler((client, json) => Meter.OnStatistics(client.Name, json));
        if (_tokens is { } tokens)
        {
            builder.SetOAuthBearerTokenRefreshHandler((client, _) => tokens.Refresh(client));
        }

        configure(builder);
        return Make(builder.Build);
    }

    /// <summary>Asks for commits of groups.</summary>
    /// <param name="groupId">The id of one of them at the brokers. The first becomes that of the client, which looks for its coordinator and may, as far as the caller may.</param>
    /// <exception cref="StreamException">The provider was disposed (<see cref="StreamErrorKind.Closed"/>).</exception>
    public ClusterCalls Commits(string groupId)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                throw Disposed();
            }

            if (_commits is null)
            {
                var readers = new CommitReaders(() => MakeCommitReader(groupId));
                _commitReaders = new AdminClients(readers.Make, readers.Close, Time);
                _commits = new ClusterCalls(this, _commitReaders);
            }

            return _commits;
        }
    }

    /// <summary>Closes the shared clients, which may block. What they still held is given up; producers were stopped before.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _closing.TrySetResult();
        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (var producer in _producers.Values)
        {
            producer.Dispose();
        }

        await Task.WhenAll(_admins.DisposeAsync().AsTask(), _commitReaders?.DisposeAsync().AsTask() ?? Task.CompletedTask).ConfigureAwait(false);
        Meter.Dispose();
        _stop.Dispose();
    }

    public StreamException Disposed() => new(StreamErrorKind.Closed, $"The kafka provider of {Servers} was disposed.");

    private IAdminClient MakeAdmin()
    {
        if (_adminsMade++ > 0)
        {
            KafkaLog.AdminReplaced(Logger, Servers);
        }

        var builder = new AdminClientBuilder(Known(_config.ForAdmin()))
            .SetErrorHandler((_, error) => Watch.OnError(error))
            .SetLogHandler((_, message) => Watch.OnLog(message))
            .SetStatisticsHandler((client, json) => Meter.OnStatistics(client.Name, json, isAdmin: true));
        if (_tokens is { } tokens)
        {
            builder.SetOAuthBearerTokenRefreshHandler((client, _) => tokens.Refresh(client));
        }

        return Make(builder.Build);
    }

    private IConsumer<Ignore, Ignore> MakeCommitReader(string groupId)
    {
        if (_commitReadersMade++ > 0)
        {
            KafkaLog.AdminReplaced(Logger, Servers);
        }

        var builder = new ConsumerBuilder<Ignore, Ignore>(Known(_config.ForCommits(groupId)))
            .SetErrorHandler((_, error) => Watch.OnError(error))
            .SetLogHandler((_, message) => Watch.OnLog(message));
        if (_tokens is { } tokens)
        {
            builder.SetOAuthBearerTokenRefreshHandler((client, _) => tokens.Refresh(client));
        }

        return Make(builder.Build);
    }

    private void Close(IAdminClient admin)
    {
        var name = admin.Name;
        admin.Dispose();
        Meter.Forget(name);
    }

    private TConfig Known<TConfig>(TConfig config)
        where TConfig : Config
    {
        _scrubber.Learn(config);
        return config;
    }

    // What librdkafka says of a setting may quote its value.
    private TClient Make<TClient>(Func<TClient> build)
    {
        try
        {
            return build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"librdkafka does not take this configuration: {_scrubber.Scrub(e.Message)}. Check KafkaProviderOptions and its native settings.", _scrubber.Keep(e));
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException)
        {
            throw new StreamException(StreamErrorKind.Fatal,
                "The native library librdkafka cannot be loaded. It comes with the package librdkafka.redist; see the README of DashStream.Provider.Kafka.", e);
        }
    }
}
