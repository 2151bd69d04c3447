using DashStream.Groups;

namespace DashStream.Stores;

/// <summary>
/// Fills batches from the readable partitions in turn and waits for appends when there is nothing. Nothing is fetched ahead: what a read brings is delivered
/// by it or read again. One read at a time.
/// </summary>
internal sealed class LogReader(ILogStore store, string topic, StreamConsumerOptions options, CursorTable cursors, ConsumerEnd end, TimeProvider time)
{
    // A wait is cut into pieces, so that a lost wake-up of a store would cost a delay and not a hang.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    // How late the loss of records is told while other partitions keep the reader busy.
    private static readonly TimeSpan CompareInterval = TimeSpan.FromSeconds(1);

    // For how long the answer "nothing new" of a store's stamp is believed without another look.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    // For how long what a store has at hand is believed without a look at the storage.
    private static readonly TimeSpan TrustInterval = TimeSpan.FromMilliseconds(250);

    private int _lastServed = -1;
    private int _reading;
    private (CursorMark Mark, StreamException Error)? _deferred;
    private (long Stamp, Task Changed, long At)? _foundNothing;
    private long? _lookedAt;

    /// <inheritdoc cref="IStreamConsumer.ReadAsync"/>
    public async ValueTask<StreamBatch> ReadAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (wait < TimeSpan.Zero && wait != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(wait), wait, "A read waits for zero or more, or without limit (Timeout.InfiniteTimeSpan).");
        }

        if (Interlocked.Exchange(ref _reading, 1) == 1)
        {
            throw new InvalidOperationException($"Another read of this consumer of topic '{topic}' is under way. Await it first.");
        }

        try
        {
            end.ThrowIfOver();
            cancellationToken.ThrowIfCancellationRequested();
            ThrowDeferred();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, end.Token);
            return await ReadCoreAsync(wait, either.Token).ConfigureAwait(false);
        }
        catch (Exception) when (end.IsOver)
        {
            end.Throw();
            throw;
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    private async ValueTask<StreamBatch> ReadCoreAsync(TimeSpan wait, CancellationToken token)
    {
        var start = time.GetTimestamp();
        long? awaited = null;
        while (true)
        {
            // Taken before looking: whatever happens behind our back ends the wait below.
            var changed = cursors.Changed;
            var marks = cursors.MarkReadable(_lastServed);
            var tail = store.FindTail(topic);
            var stamp = tail?.Stamp ?? 0;
            var left = wait == Timeout.InfiniteTimeSpan ? LongestWait : wait - time.GetElapsedTime(start);
            var trusted = left > TimeSpan.Zero && awaited != stamp ? TrustedFor(tail, marks) : TimeSpan.Zero;
            if (trusted <= TimeSpan.Zero && marks.Count > 0)
            {
                var isNews = tail is not null && awaited is { } waited && waited != stamp;
                stamp = await TakeStampAsync(tail, stamp, token).ConfigureAwait(false);
                var batch = await LookAsync(marks, isNews ? tail : null, stamp, changed, token).ConfigureAwait(false);
                if (batch.Records.Count > 0 || batch.Gaps.Count > 0)
                {
                    return batch;
                }
            }

            if (left <= TimeSpan.Zero)
            {
                return StreamBatch.Empty;
            }

            left = Shorter(left, trusted > TimeSpan.Zero ? trusted : LongestWait);
            if (marks.Count == 0)
            {
                await InterruptibleWait.PauseAsync(left, changed, time, token).ConfigureAwait(false);
                continue;
            }

            await InterruptibleWait.RunAsync(inner => store.WaitForAppendAsync(topic, stamp, left, inner), changed, left, time, token).ConfigureAwait(false);
            awaited = stamp;
        }
    }

    // For how long we may wait without a look: a tail that may be behind is good for that, and tells of no gap and no trouble.
    private TimeSpan TrustedFor(ILogTail? tail, List<CursorMark> marks) =>
        tail is not null && _lookedAt is { } at && marks.TrueForAll(mark => mark.Cursor.Fault is null && tail.TryRead(mark.Cursor.Partition, mark.From, 1, 1) is { Count: 0 })
            ? TrustInterval - time.GetElapsedTime(at)
            : TimeSpan.Zero;

    // The stamp of a tail may be behind: then the wait ends at once and we look again. It does not tell that nothing was appended since we looked with it; the store does.
    private ValueTask<long> TakeStampAsync(ILogTail? tail, long stamp, CancellationToken token) =>
        tail is not null && stamp != _foundNothing?.Stamp ? ValueTask.FromResult(stamp) : BoundAsync(store.GetStampAsync(topic, token), token);

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    // A read that waits in vain is repeated by its caller; as long as nothing was appended and nothing changed here, that costs a look at the stamp only.
    private async ValueTask<StreamBatch> LookAsync(List<CursorMark> marks, ILogTail? tail, long stamp, Task changed, CancellationToken token)
    {
        if (_foundNothing is { } last && last.Stamp == stamp && ReferenceEquals(last.Changed, changed) && time.GetElapsedTime(last.At) < LookInterval)
        {
            _lookedAt = time.GetTimestamp();
            return StreamBatch.Empty;
        }

        _foundNothing = null;
        var at = time.GetTimestamp();
        var pages = await ScanAsync(marks, tail, token).ConfigureAwait(false);
        _lookedAt = tail is null ? at : _lookedAt;
        if (pages.Count == 0)
        {
            _foundNothing = (stamp, changed, time.GetTimestamp());
            return StreamBatch.Empty;
        }

        return cursors.Deliver(pages);
    }

    private async ValueTask<List<CursorPage>> ScanAsync(List<CursorMark> marks, ILogTail? tail, CancellationToken token)
    {
        var pages = new List<CursorPage>();
        var current = marks[0];
        try
        {
            await FillAsync(marks, pages).ConfigureAwait(false);
        }
        catch (StreamException e)
        {
            if (pages.Count == 0)
            {
                _lastServed = current.Cursor.Partition;
                throw;
            }

            // What was read comes first; the next read tells the error.
            _deferred = (current, e);
        }

        return pages;

        async ValueTask FillAsync(List<CursorMark> toRead, List<CursorPage> filled)
        {
            var room = new BatchRoom(options.MaxBatchRecords, options.MaxBatchBytes);
            var idle = new List<CursorMark>();
            foreach (var mark in toRead.TakeWhile(_ => !room.IsFull))
            {
                current = mark;
                await ReadPageAsync(mark, tail, room, filled, idle, token).ConfigureAwait(false);
            }

            foreach (var mark in idle.Where(mark => filled.Count == 0 || time.GetElapsedTime(mark.Cursor.ComparedAt) >= CompareInterval))
            {
                current = mark;
                if (await FindGapAsync(mark, firstRead: null, token).ConfigureAwait(false) is { } gap)
                {
                    filled.Add(new CursorPage(mark, [], 0, gap));
                }
            }
        }
    }

    private async ValueTask ReadPageAsync(CursorMark mark, ILogTail? tail, BatchRoom room, List<CursorPage> pages, List<CursorMark> idle, CancellationToken token)
    {
        if (mark.Cursor.Fault is { } fault)
        {
            throw new StreamException(fault.Kind, fault.Message, fault);
        }

        var partition = mark.Cursor.Partition;
        var records = tail?.TryRead(partition, mark.From, room.Records, room.Bytes)
            ?? await BoundAsync(store.ReadAsync(topic, partition, mark.From, room.Records, room.Bytes, token), token).ConfigureAwait(false);
        if (records.Count == 0)
        {
            idle.Add(mark);
            return;
        }

        var count = room.Take(records);
        if (count > 0)
        {
            var gap = await FindGapAsync(mark, records[0].Position!.Value.Offset, token).ConfigureAwait(false);
            pages.Add(new CursorPage(mark, records, count, gap));
            _lastServed = partition;
        }
    }

    // A hole between offsets is no gap: only what lies before the oldest offset of the log is gone.
    private async ValueTask<StreamGap?> FindGapAsync(CursorMark mark, UInt128? firstRead, CancellationToken token)
    {
        if (firstRead is { } found && store.IsNext(mark.From, found))
        {
            return null;
        }

        var partition = mark.Cursor.Partition;
        var bounds = (await BoundAsync(store.DescribeAsync(topic, partition, withCounts: false, token), token).ConfigureAwait(false)).Bounds;
        mark.Cursor.ComparedAt = time.GetTimestamp();
        if (firstRead is null && mark.From > bounds.End)
        {
            throw TargetResolver.OutOfRange(topic, new StreamPosition(partition, mark.From), bounds);
        }

        var to = firstRead < bounds.Begin ? firstRead.Value : bounds.Begin;
        return mark.From < to && mark.From < bounds.Begin ? new StreamGap(partition, mark.From, to) : null;
    }

    private void ThrowDeferred()
    {
        if (_deferred is not { } deferred)
        {
            return;
        }

        _deferred = null;
        if (cursors.IsCurrent(deferred.Mark))
        {
            throw deferred.Error;
        }
    }

    // A store may ignore its token; a stop must not wait for it.
    private static async ValueTask<T> BoundAsync<T>(ValueTask<T> call, CancellationToken token) =>
        call.IsCompleted ? await call.ConfigureAwait(false) : await call.OrLeaveAsync(token).ConfigureAwait(false);
}
