using DashStream.Telemetry;

namespace DashStream.Stores;

/// <summary>
/// Stores a producer's records, chunk by chunk: while one is being stored the next one gathers, so a busy producer writes in large steps and an idle one at
/// once. Where the store takes several at once and much waits, the next chunk leaves before the last one is answered. Transient failures are tried again in place, so nothing overtakes; a step that one record spoils is repeated in halves until that record is alone.
/// </summary>
internal sealed class AppendWriter : IThreadPoolWorkItem
{
    private const int FirstRetryMs = 10;
    private const int LongestRetryMs = 1000;
    private const int LongestDoubling = 10;

    // A chunk that leaves early is at least so large a part of a full one: many small ones cost more than they save.
    private const int PartsOfLarge = 8;

    private readonly ILogStore _store;
    private readonly string _topic;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly int _large;
    private AppendChunk _chunk;
    private AppendChunk _next;

    public AppendWriter(ILogStore store, string topic, LogProviderOptions options, TimeProvider time, Random random, PendingRoom room)
    {
        _store = store;
        _topic = topic;
        _time = time;
        _random = random;
        var producer = Chance.NewId();
        _chunk = new AppendChunk(topic, producer, options.MaxBatchRecords, options.MaxBatchBytes);
        _next = new AppendChunk(topic, producer, options.MaxBatchRecords, options.MaxBatchBytes);
        _large = Math.Max(1, options.MaxBatchRecords / PartsOfLarge);
        Queue = new AppendQueue(topic, options, time, room, () => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false));
    }

    public AppendQueue Queue { get; }

    /// <summary>The producer: kept alive while there is work, so that its provider finds it at the end even if its user forgot it.</summary>
    public required object Owner { get; init; }

    /// <summary>Called by the thread pool when there is something to store and nobody at it.</summary>
    public void Execute() => _ = RunAsync();

    private async Task RunAsync()
    {
        while (_chunk.Attempt is not null || TryTake())
        {
            var first = _chunk.Attempt ??= TryAppendAsync(_chunk, _chunk.Select(0, _chunk.Count));
            if (_store.AppendsAtOnce > 1 && !first.IsCompleted && Queue.TryTakeMore(_next, _large, out var abandoned))
            {
                _next.Abandoned = abandoned;
                var batch = _next.Select(0, _next.Count);
                batch.After = _chunk.LastSequence;
                _next.Attempt = TryAppendAsync(_next, batch);
            }

            var failure = await first.ConfigureAwait(false);
            if (failure is not null && _next.Attempt is { } following)
            {
                // It failed as well, or both are stored and one answer was lost.
                await following.ConfigureAwait(false);
            }

            await StoreAsync(_chunk, from: 0, _chunk.Count, first).ConfigureAwait(false);
            Queue.Decide(_chunk);
            _chunk.Clear();
            (_chunk, _next) = (_next, _chunk);
        }
    }

    private bool TryTake()
    {
        var taken = Queue.TryTake(_chunk, out var abandoned);
        _chunk.Abandoned = abandoned;
        return taken;
    }

    private async ValueTask StoreAsync(AppendChunk chunk, int from, int count, Task<Exception?>? first = null)
    {
        for (var attempt = 0; ; attempt++)
        {
            var batch = first is null ? chunk.Select(from, count) : chunk.Selected;
            if (attempt > 0)
            {
                batch.After = null;
                PipelineMeter.SendRetries.Add(batch.Count);
            }

            var failure = await (first ?? TryAppendAsync(chunk, batch)).ConfigureAwait(false);
            first = null;
            if (failure is null)
            {
                chunk.Store(batch);
                return;
            }

            var error = failure as StreamException ?? Unclassified(failure);
            if (MayPass(error))
            {
                Queue.NoteCause(error);
                await BackOffAsync(chunk, attempt).ConfigureAwait(false);
                continue;
            }

            if (batch.Count == 1 || !MayConcernOneRecord(failure))
            {
                chunk.Fail(batch, error);
                return;
            }

            break;
        }

        var half = count / 2;
        await StoreAsync(chunk, from, half).ConfigureAwait(false);
        await StoreAsync(chunk, from + half, count - half).ConfigureAwait(false);
    }

    private async Task<Exception?> TryAppendAsync(AppendChunk chunk, AppendBatch batch)
    {
        if (batch.Count == 0)
        {
            return null;
        }

        try
        {
            await _store.AppendAsync(batch, chunk.Abandoned).ConfigureAwait(false);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private async ValueTask BackOffAsync(AppendChunk chunk, int attempt)
    {
        var longest = Math.Min(LongestRetryMs, FirstRetryMs << Math.Min(attempt, LongestDoubling));
        var delay = TimeSpan.FromMilliseconds(1 + _random.Next(longest));
        await Task.Delay(delay, _time, chunk.Abandoned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // A time-out of the store leaves open whether it stored: the same batch again, which it may recognise by its numbers.
    private static bool MayPass(StreamException error) => error.IsTransient || error.Kind == StreamErrorKind.Timeout;

    private static bool MayConcernOneRecord(Exception failure) => failure is not StreamException
    {
        Kind: StreamErrorKind.NotFound or StreamErrorKind.Unauthorized or StreamErrorKind.Closed or StreamErrorKind.Fatal or StreamErrorKind.Incompatible,
    };

    private StreamException Unclassified(Exception failure) => new(StreamErrorKind.Fatal,
        $"The store failed to append to topic '{_topic}' with an error that it does not classify: {failure.Message}", failure);
}
