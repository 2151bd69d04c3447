using System.Collections.Concurrent;

namespace DashStream.Providers;

/// <summary>Waits for appends and for changes of groups. A topic that is waited for has a connection of its own, since a blocked connection answers nobody else. Safe for concurrent use.</summary>
internal sealed class RedisWaiter(RedisConnection connection, RedisKeys keys, TimeProvider time) : IAsyncDisposable
{
    // Entries of somebody else's lie behind it.
    private const string LastOfOurs = "0-18446744073709551615";

    private readonly ConcurrentDictionary<string, TopicWatch> _watches = new(StringComparer.Ordinal);
    private volatile bool _isDisposed;

    /// <summary>The id of the last entry of the topic's wake stream.</summary>
    /// <exception cref="StreamException">There is no such topic (<see cref="StreamErrorKind.NotFound"/>).</exception>
    public async ValueTask<long> GetStampAsync(string topic, CancellationToken cancellationToken)
    {
        var watch = FindTail(topic);
        var recent = watch?.Stamp;
        var reply = await connection.ExecuteAsync("XREVRANGE", cancellationToken, keys.Wake(topic), LastOfOurs, "-", "COUNT", 1).ConfigureAwait(false);
        if (reply.Items() is not [var entry] || WakeEntry.Read(entry) is not { Stamp: var stamp })
        {
            throw RedisErrors.NoTopic(connection.Options, topic);
        }

        if (stamp < recent)
        {
            watch!.GoBack(stamp);
        }

        return stamp;
    }

    /// <summary>What the watch of the topic knows, while it runs.</summary>
    public TopicWatch? FindTail(string topic) => _watches.TryGetValue(topic, out var watch) && watch.IsRunning ? watch : null;

    public ValueTask WaitForAppendAsync(string topic, long seen, TimeSpan atMost, CancellationToken cancellationToken) =>
        Watch(topic).WaitForAppendAsync(seen, atMost, cancellationToken);

    public async ValueTask WaitForGroupAsync(string topic, string group, Func<ValueTask<bool>> hasChanged, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var watch = Watch(topic);
        if (!watch.IsRunning)
        {
            watch.Start(await GetStampAsync(topic, cancellationToken).ConfigureAwait(false));
        }

        await watch.WaitForGroupAsync(group, hasChanged, atMost, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        foreach (var watch in _watches.Values)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
        }
    }

    private TopicWatch Watch(string topic)
    {
        if (_isDisposed)
        {
            throw RedisErrors.Closed(connection.Options);
        }

        return _watches.GetOrAdd(topic, name => new TopicWatch(connection.Options, keys.Wake(name), time));
    }
}
