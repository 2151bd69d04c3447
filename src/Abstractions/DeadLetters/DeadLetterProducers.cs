using System.Collections.Concurrent;

namespace DashStream;

/// <summary>The producers of the dead-letter topics in use, one each, opened when needed. Thread-safe.</summary>
internal sealed class DeadLetterProducers(IStreamProvider provider, DeadLetterOptions options) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, IStreamProducer> _open = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1, 1);

    public async ValueTask<IStreamProducer> GetAsync(string topic, CancellationToken cancellationToken)
    {
        if (_open.TryGetValue(topic, out var open))
        {
            return open;
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _open.TryGetValue(topic, out open) ? open : _open[topic] = await OpenAsync(topic, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask ForgetAsync(string topic)
    {
        if (_open.TryRemove(topic, out var producer))
        {
            await producer.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var topic in _open.Keys)
        {
            await ForgetAsync(topic).ConfigureAwait(false);
        }
    }

    private async ValueTask<IStreamProducer> OpenAsync(string topic, CancellationToken cancellationToken)
    {
        if (options.CreateTopic && await provider.Admin.DescribeTopicAsync(topic, cancellationToken).ConfigureAwait(false) is null)
        {
            await CreateAsync(topic, cancellationToken).ConfigureAwait(false);
        }

        return await provider.OpenProducerAsync(topic, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask CreateAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            await provider.Admin.CreateTopicAsync(new TopicSpec(topic, options.Partitions), cancellationToken).ConfigureAwait(false);
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.AlreadyExists)
        {
            // Somebody else made it meanwhile, in another shape: it serves as well.
        }
    }
}
