using System.Collections.Concurrent;
using DashStream.Stores;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>Stores batches, each in one round trip a slot. A batch that comes again after its answer was lost is recognised and not stored twice. Safe for concurrent use.</summary>
internal sealed class RedisAppender : IAsyncDisposable
{
    // No server can be told to take less.
    private const long LeastBulkLimit = 1024 * 1024;

    private static readonly RedisScript Append = RedisScript.Load("wake", "append");

    private readonly RedisProviderOptions _options;
    private readonly RedisKeys _keys;
    private readonly RedisTopics _topics;
    private readonly RedisConnection[] _connections;
    private readonly ConcurrentDictionary<string, SpreadWake> _wakes = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly TimeSpan _remember;

    public RedisAppender(RedisProviderOptions options, RedisKeys keys, RedisTopics topics, TimeProvider time)
    {
        _options = options;
        _keys = keys;
        _topics = topics;
        _time = time;

        // A batch is tried again for as long as its sends may take, and no longer.
        _remember = (2 * options.SendTimeout) + TimeSpan.FromMinutes(1);
        _connections = [.. Enumerable.Range(0, options.WriteConnections).Select(_ => new RedisConnection(options.Connection, "write", time, MaxWait(options)))];
    }

    public async ValueTask AppendAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        ThrowIfImpossible(batch);
        var connection = _connections[(uint)batch.ProducerId.GetHashCode() % (uint)_connections.Length];
        var slots = AppendSlot.Split(batch, _keys.Spread);
        if (slots.Count == 1)
        {
            await StoreAsync(connection, slots[0], batch, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await Task.WhenAll(slots.Select(slot => StoreAsync(connection, slot, batch, cancellationToken))).ConfigureAwait(false);
        }

        if (_keys.Spread)
        {
            await _wakes.GetOrAdd(batch.Topic, topic => new SpreadWake(_connections[0], _keys.Wake(topic), _time)).RingAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task StoreAsync(RedisConnection connection, AppendSlot slot, AppendBatch batch, CancellationToken cancellationToken)
    {
        RedisResult answer;
        try
        {
            answer = await EvaluateAsync(connection, slot, cancellationToken).ConfigureAwait(false);
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.NotFound && _keys.Spread)
        {
            await MakePartitionsAsync(batch.Topic, cancellationToken).ConfigureAwait(false);
            answer = await EvaluateAsync(connection, slot, cancellationToken).ConfigureAwait(false);
        }
        catch (StreamException e) when (e.Kind is StreamErrorKind.Transient or StreamErrorKind.Fatal && LongestPart(batch) >= LeastBulkLimit)
        {
            await ThrowIfTooLargeAsync(batch, e, cancellationToken).ConfigureAwait(false);
            throw;
        }

        slot.Take(answer);
    }

    // A server that meets a text longer than it takes hangs up, and says nothing that would tell it from any other lost connection.
    private async ValueTask ThrowIfTooLargeAsync(AppendBatch batch, StreamException cause, CancellationToken cancellationToken)
    {
        var setting = await FindBulkLimitAsync(cancellationToken).ConfigureAwait(false);
        if (setting is [_, var text] && long.TryParse(text, out var limit) && LongestPart(batch) is var longest && longest > limit)
        {
            throw new StreamException(StreamErrorKind.TooLarge,
                $"A key, value or header for topic '{batch.Topic}' has {longest} bytes; Redis at {_options.Connection} takes {limit} (its proto-max-bulk-len).", cause);
        }
    }

    // The first question may meet the connection that the server is closing.
    private async ValueTask<string?[]?> FindBulkLimitAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            try
            {
                return (string?[]?)await _connections[0].ExecuteAsync("CONFIG", cancellationToken, "GET", "proto-max-bulk-len").ConfigureAwait(false);
            }
            catch (StreamException e) when (e.IsTransient)
            {
                // Asked again on a new connection.
            }
            catch (StreamException)
            {
                return null;
            }
        }

        return null;
    }

    private static long LongestPart(AppendBatch batch)
    {
        long longest = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var record = batch.RecordAt(i);
            longest = Math.Max(longest, Math.Max(record.Key.Length, record.Value?.Length ?? 0));
            foreach (var header in record.Headers.AsSpan())
            {
                longest = Math.Max(longest, header.Value.Length);
            }
        }

        return longest;
    }

    // Whoever made the topic may have been stopped before all of its partitions were there.
    private async ValueTask MakePartitionsAsync(string topic, CancellationToken cancellationToken)
    {
        var spec = await _topics.FindAsync(topic, cancellationToken).ConfigureAwait(false) ?? throw RedisErrors.NoTopic(_options.Connection, topic);
        for (var partition = 0; partition < spec.Partitions; partition++)
        {
            await _topics.MakePartitionAsync(topic, partition, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<RedisResult> EvaluateAsync(RedisConnection connection, AppendSlot slot, CancellationToken cancellationToken)
    {
        var arguments = slot.Arguments(_keys, _remember);
        if (_options.MinReplicas == 0)
        {
            return await connection.EvaluateAsync(Append, arguments, cancellationToken).ConfigureAwait(false);
        }

        var (answer, replicas) = await connection
            .EvaluateReplicatedAsync(Append, arguments, _options.MinReplicas, MaxWait(_options), cancellationToken).ConfigureAwait(false);

        // Transient: the batch is recognised when it comes again, and is waited for once more.
        return replicas >= _options.MinReplicas ? answer : throw new StreamException(StreamErrorKind.Transient,
            $"Redis at {_options.Connection}: {replicas} replicas have the batch, {nameof(RedisProviderOptions.MinReplicas)} is {_options.MinReplicas}.");
    }

    private static TimeSpan MaxWait(RedisProviderOptions options) =>
        options.MinReplicas == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(options.SendTimeout.Ticks, options.Connection.CommandTimeout.Ticks) / 2);

    private static void ThrowIfImpossible(AppendBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.RecordAt(i).Headers.Count > RedisRecords.MaxHeaders)
            {
                throw new StreamException(StreamErrorKind.TooLarge,
                    $"A record for topic '{batch.Topic}' has {batch.RecordAt(i).Headers.Count} headers; the Redis provider takes {RedisRecords.MaxHeaders}.");
            }
        }
    }
}
