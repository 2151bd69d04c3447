using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace DashStream;

/// <summary>
/// What application code asks the container for: producers (one a topic, shared, stopped with the container) and consumers of a registered stream. Thread-safe.
/// </summary>
public sealed class DashStreamClient : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<DashStreamProducer>>> _producers = new(StringComparer.Ordinal);
    private readonly DashStreamOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ShutdownLimit _limit;
    private volatile bool _disposed;

    internal DashStreamClient(IStreamProvider provider, DashStreamOptions options, ILogger logger, TimeProvider time, ShutdownLimit limit)
    {
        Provider = provider;
        _options = options;
        _logger = logger;
        _time = time;
        _limit = limit;
    }

    /// <summary>The provider behind it.</summary>
    public IStreamProvider Provider { get; }

    /// <summary>The shared producer of a topic; opened at the first call. Do not dispose it. A failed opening is tried again at the next call.</summary>
    /// <exception cref="StreamException">The provider could not open it.</exception>
    public async ValueTask<DashStreamProducer> GetProducerAsync(string topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var opening = _producers.GetOrAdd(topic, name => new Lazy<Task<DashStreamProducer>>(
            () => DashStreamProducer.OpenAsync(Provider, name, _options.Producer, _time, _logger, CancellationToken.None).AsTask()));
        try
        {
            return await opening.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (opening.Value is { IsCompleted: true, IsCompletedSuccessfully: false })
        {
            _producers.TryRemove(new(topic, opening));
            throw;
        }
    }

    /// <summary>Opens a consumer with the stream's settings. The caller owns it.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="group">The group, or null to read alone.</param>
    /// <param name="options">Settings in place of the stream's; null means the stream's.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    public ValueTask<DashStreamConsumer> OpenConsumerAsync(
        string topic, string? group, DashStreamConsumerOptions? options = null, CancellationToken cancellationToken = default) =>
        DashStreamConsumer.OpenAsync(Provider, topic, group, options ?? _options.Consumer, _time, _logger, cancellationToken);

    /// <summary>
    /// Stops the shared producers, all at once, within their stop time-out; when the host's own limit is used up, within half a second of that. One that fails does
    /// not keep the others open.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        var stops = Task.WhenAll(_producers.Values.Where(opening => opening is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            .Select(async opening => await DisposeAsync(await opening.Value.ConfigureAwait(false)).ConfigureAwait(false)));
        if (_limit.IsPassed)
        {
            // Whatever hangs below is left behind.
            stops = stops.WaitAsync(_limit.Within(_options.Producer.StopTimeout), _time);
        }

        try
        {
            await stops.ConfigureAwait(false);
        }
        catch (TimeoutException) when (_limit.IsPassed)
        {
            Log.ProducersLeft(_logger);
        }
    }

    private ValueTask DisposeAsync(DashStreamProducer producer) => producer.DisposeAsync(_limit.Within(_options.Producer.StopTimeout));
}
