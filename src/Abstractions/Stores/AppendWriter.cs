using DashStream.Telemetry;

namespace DashStream.Stores;

/// <summary>
/// Stores a producer's records, chunk by chunk: while one is being stored the next one gathers, so a busy producer writes in large steps and an idle one at
/// once. Transient failures are tried again in place, so nothing overtakes; a step that one record spoils is repeated in halves until that record is alone.
/// </summary>
internal sealed class AppendWriter : IThreadPoolWorkItem
{
    private const int FirstRetryMs = 10;
    private const int LongestRetryMs = 1000;
    private const int LongestDoubling = 10;

    private readonly ILogStore _store;
    private readonly string _topic;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly AppendChunk _chunk;
    private CancellationToken _abandoned;

    public AppendWriter(ILogStore store, string topic, LogProviderOptions options, TimeProvider time, Random random, PendingRoom room)
    {
        _store = store;
        _topic = topic;
        _time = time;
        _random = random;
        _chunk = new AppendChunk(topic, Chance.NewId(), options.MaxBatchRecords, options.MaxBatchBytes);
        Queue = new AppendQueue(topic, options, time, room, () => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false));
    }

    public AppendQueue Queue { get; }

    /// <summary>The producer: kept alive while there is work, so that its provider finds it at the end even if its user forgot it.</summary>
    public required object Owner { get; init; }

    /// <summary>Called by the thread pool when there is something to store and nobody at it.</summary>
    public void Execute() => _ = RunAsync();

    private async Task RunAsync()
    {
        while (Queue.TryTake(_chunk, out _abandoned))
        {
            await StoreAsync(from: 0, _chunk.Count).ConfigureAwait(false);
            Queue.Decide(_chunk);
            _chunk.Clear();
        }
    }

    private async ValueTask StoreAsync(int from, int count)
    {
        for (var attempt = 0; ; attempt++)
        {
            var batch = _chunk.Select(from, count);
            if (attempt > 0)
            {
                PipelineMeter.SendRetries.Add(batch.Count);
            }

            var failure = batch.Count == 0 ? null : await TryAppendAsync(batch).ConfigureAwait(false);
            if (failure is null)
            {
                _chunk.Store(batch);
                return;
            }

            var error = failure as StreamException ?? Unclassified(failure);
            if (MayPass(error))
            {
                Queue.NoteCause(error);
                await BackOffAsync(attempt).ConfigureAwait(false);
                continue;
            }

            if (batch.Count == 1 || !MayConcernOneRecord(failure))
            {
                _chunk.Fail(batch, error);
                return;
            }

            break;
        }

        var half = count / 2;
        await StoreAsync(from, half).ConfigureAwait(false);
        await StoreAsync(from + half, count - half).ConfigureAwait(false);
    }

    private async ValueTask<Exception?> TryAppendAsync(AppendBatch batch)
    {
        try
        {
            await _store.AppendAsync(batch, _abandoned).ConfigureAwait(false);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private async ValueTask BackOffAsync(int attempt)
    {
        var longest = Math.Min(LongestRetryMs, FirstRetryMs << Math.Min(attempt, LongestDoubling));
        var delay = TimeSpan.FromMilliseconds(1 + _random.Next(longest));
        await Task.Delay(delay, _time, _abandoned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
