namespace DashStream.Stores;

/// <summary>
/// The sends of one producer in the order of their calls, until each is decided: by the writer, by its deadline, or by a stop. Bounded in bytes. Safe for
/// concurrent use. A clock that watches over the deadlines works even while the writer is stuck in a store that never returns.
/// </summary>
internal sealed class AppendQueue : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<PendingAppend> _queue = new();
    private readonly FlushLedger _ledger = new();
    private readonly List<PendingAppend> _finished = [];
    private readonly List<AppendChunk> _inFlight = [];
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _topic;
    private readonly LogProviderOptions _options;
    private readonly TimeProvider _time;
    private readonly Action _startWriter;
    private readonly PendingRoom _room;
    private readonly ITimer _watch;
    private readonly long _timeout;
    private CancellationTokenSource _abandon = new();
    private StreamException? _lastCause;
    private long _lastProgress;
    private long _nextSequence;
    private long _undecided;
    private bool _watching;
    private bool _writing;
    private bool _closed;

    public AppendQueue(string topic, LogProviderOptions options, TimeProvider time, PendingRoom room, Action startWriter)
    {
        _topic = topic;
        _options = options;
        _time = time;
        _startWriter = startWriter;
        _room = room;
        _timeout = (long)(options.SendTimeout.TotalSeconds * time.TimestampFrequency);
        _watch = time.CreateTimer(static queue => ((AppendQueue)queue!).EndOverdue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes a call on, or says why not.</summary>
    public StreamException? Enqueue(PendingAppend work)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return Closed();
            }

            work.WaitsForRoom = _room.Bytes + work.SizeBytes > _options.MaxPendingBytes;
            if (work.WaitsForRoom && !work.MayWait)
            {
                _ledger.CountFailed(1);
                return Throttled();
            }

            work.Started = _time.GetTimestamp();
            work.FirstSequence = _nextSequence;
            _nextSequence += work.Count;
            _undecided += work.Count;
            _room.Add(work.SizeBytes);
            _queue.Enqueue(work);
            if (!_watching)
            {
                _watching = true;
                _watch.Change(_options.SendTimeout, Timeout.InfiniteTimeSpan);
            }

            if (_writing)
            {
                return null;
            }

            _writing = true;
        }

        _startWriter();
        return null;
    }

    /// <summary>Counts records that were refused before they came here, unless the producer is stopped: then that is the error.</summary>
    public StreamException? CountRefused(int records)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return Closed();
            }

            _ledger.CountFailed(records);
            return null;
        }
    }

    /// <summary>Fills the chunk with what comes next. False ends the writer's turn: the next send starts a new one.</summary>
    /// <param name="chunk">Empty.</param>
    /// <param name="abandoned">Fires when nobody waits for this chunk any more.</param>
    public bool TryTake(AppendChunk chunk, out CancellationToken abandoned)
    {
        lock (_gate)
        {
            _writing = Take(chunk);
            abandoned = _abandon.Token;
            _lastCause = null;
            return _writing;
        }
    }

    /// <summary>Fills another chunk while the last one is being stored, if so many records wait.</summary>
    public bool TryTakeMore(AppendChunk chunk, int atLeast, out CancellationToken abandoned)
    {
        lock (_gate)
        {
            var taken = _undecided - _inFlight.Sum(static one => (long)one.Count) >= atLeast && Take(chunk);
            abandoned = _abandon.Token;
            return taken;
        }
    }

    /// <summary>Remembers why the chunk is not stored yet: the cause that a time-out names.</summary>
    public void NoteCause(StreamException cause) => Volatile.Write(ref _lastCause, cause);

    /// <summary>The writer is done with the chunk: gives every caller its answer.</summary>
    public void Decide(AppendChunk chunk)
    {
        lock (_gate)
        {
            _inFlight.Remove(chunk);
            var index = 0;
            var now = _time.GetTimestamp();
            foreach (var segment in chunk.Segments)
            {
                if (!segment.Work.IsOver)
                {
                    DecideSegment(chunk, segment, index);
                    _lastProgress = now;
                }

                index += segment.Count;
            }
        }

        // Outside the gate: a scheduler of the caller's may run its continuation at once.
        _finished.ForEach(static work => work.Release());
        _finished.Clear();
    }

    /// <summary>Completes when everything that was sent before is decided.</summary>
    public Task<FlushReceipt> FlushAsync()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return Task.FromException<FlushReceipt>(Closed());
            }

            return _undecided == 0 ? Task.FromResult(_ledger.TakeReceipt()) : _ledger.WaitAsync(_nextSequence, _undecided);
        }
    }

    /// <summary>Takes no more; completes when everything is decided.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _closed = true;
            if (_undecided == 0)
            {
                _drained.TrySetResult();
            }

            return _drained.Task;
        }
    }

    /// <summary>After <see cref="CloseAsync"/>: fails what is undecided, and says how the sends since the last flush ended and how many were left.</summary>
    public FlushReceipt Abort()
    {
        var ended = new List<PendingAppend>();
        FlushReceipt receipt;
        lock (_gate)
        {
            receipt = _ledger.CutShort(_undecided);
            foreach (var work in Undecided())
            {
                End(work, Closed(), ended);
            }

            _queue.Clear();
            _ = _abandon.CancelAsync();
        }

        ended.ForEach(static work => work.Release());
        return receipt;
    }

    /// <summary>Ends the watch over deadlines. Called after <see cref="Abort"/>.</summary>
    public void Dispose()
    {
        _watch.Dispose();
        _abandon.Dispose();
    }

    private bool Take(AppendChunk chunk)
    {
        while (_queue.TryPeek(out var work) && (work.IsOver || work.TryTake(chunk)))
        {
            if (!work.IsOver && !work.IsTaken)
            {
                break;
            }

            _queue.Dequeue();
        }

        if (_abandon.IsCancellationRequested)
        {
            _abandon = new CancellationTokenSource();
        }

        if (chunk.Count == 0)
        {
            return false;
        }

        _inFlight.Add(chunk);
        return true;
    }

    private void DecideSegment(AppendChunk chunk, AppendChunk.Segment segment, int index)
    {
        var work = segment.Work;
        var failed = 0;
        for (var i = 0; i < segment.Count; i++)
        {
            if (chunk.OutcomeAt(index + i, out var position) is { } error)
            {
                work.Fail(segment.From + i, error);
                failed++;
            }
            else
            {
                work.Store(segment.From + i, position);
            }
        }

        _ledger.CountStored(segment.Count - failed);
        _ledger.CountFailed(failed);
        Settle(work, segment.Count, segment.Bytes);
        if (work.Undecided == 0)
        {
            _finished.Add(work);
        }
    }

    private void EndOverdue()
    {
        var ended = new List<PendingAppend>();
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            StreamException? error = null;
            long? next = null;
            foreach (var work in Undecided())
            {
                var deadline = DeadlineOf(work);
                if (deadline <= now)
                {
                    _ledger.CountFailed(work.Undecided);
                    End(work, error ??= TimedOut(), ended);
                    continue;
                }

                next = next < deadline ? next : deadline;
                if (!work.WaitsForRoom)
                {
                    break; // what came later is due later
                }
            }

            if (ended.Count > 0)
            {
                LetGo();
            }

            Watch(next - now);
        }

        ended.ForEach(static work => work.Release());
    }

    private long DeadlineOf(PendingAppend work) =>
        (work.WaitsForRoom ? Math.Max(work.Started, _lastProgress) : work.Started) + _timeout;

    private void Watch(long? ticks)
    {
        _watching = ticks is not null;
        if (ticks is { } left)
        {
            // A timer counts whole milliseconds; rounding down would fire it over and over.
            var milliseconds = Math.Ceiling(left * 1000.0 / _time.TimestampFrequency);
            _watch.Change(TimeSpan.FromMilliseconds(Math.Max(1, milliseconds)), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Frees what nobody waits for any more: a store that never returns must not fill the memory with dead sends.</summary>
    private void LetGo()
    {
        while (_queue.TryPeek(out var work) && work.IsOver)
        {
            _queue.Dequeue();
        }

        if (_inFlight.Count > 0 && _inFlight.TrueForAll(static chunk => chunk.IsOver))
        {
            _ = _abandon.CancelAsync();
        }
    }

    private IEnumerable<PendingAppend> Undecided() =>
        _inFlight.SelectMany(static chunk => chunk.Segments).Select(static segment => segment.Work).Concat(_queue).Where(static work => work is { IsOver: false, Undecided: > 0 });

    private void End(PendingAppend work, StreamException error, List<PendingAppend> ended)
    {
        work.End(error);
        Settle(work, work.Undecided, work.UndecidedBytes);
        ended.Add(work);
    }

    private void Settle(PendingAppend work, int records, long bytes)
    {
        work.Undecided -= records;
        work.UndecidedBytes -= bytes;
        _room.Add(-bytes);
        _undecided -= records;
        _ledger.Settle(work.FirstSequence, records);
        if (_closed && _undecided == 0)
        {
            _drained.TrySetResult();
        }
    }

    private StreamException Closed() => new(StreamErrorKind.Closed, $"The producer of topic '{_topic}' was stopped. Open a new one.");

    private StreamException Throttled() => new(StreamErrorKind.Throttled,
        $"{_room.Bytes} bytes wait to be stored in topic '{_topic}'; the limit is {_options.MaxPendingBytes} (MaxPendingBytes). Wait for earlier sends, then send again.");

    private StreamException TimedOut() => new(StreamErrorKind.Timeout,
        $"A record for topic '{_topic}' was not known to be stored within {_options.SendTimeout} (SendTimeout). It may have been stored all the same.", _lastCause);
}
