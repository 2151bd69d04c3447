using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// The undecided sends of one producer: bounds their bytes, ends those that are over their time, counts how sends ended, and completes the flushes that wait
/// for them. Safe for concurrent use.
/// </summary>
internal sealed class SendLedger : IDisposable
{
    private const int Rounds = 16;

    private static readonly TimeSpan ShortestRound = TimeSpan.FromMilliseconds(5);

    private readonly KafkaSendPool _pool = new();
    private readonly ITimer _sweeper;
    private readonly TimeSpan _round;
    private readonly int _lifetime;
    private readonly long _maxBytes;
    private readonly FlushWaits _flushes = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _drained;
    private long _sequence;
    private long _undecided;
    private long _bytes;
    private int _batchesWaiting;
    private int _now;
    private bool _armed;
    private bool _closed;
    private bool _aborted;

    public SendLedger(string topic, KafkaCluster cluster)
    {
        Errors = new SendErrors(topic, cluster);
        _maxBytes = cluster.Options.MaxPendingBytes;

        // Deadlines are kept to a sixteenth, on the early side: a clock for every send would cost more than the rest of the ledger.
        var limit = cluster.Options.SendTimeout;
        _round = limit / Rounds > ShortestRound ? limit / Rounds : ShortestRound;
        _lifetime = Math.Max(1, (int)(limit / _round));
        _sweeper = cluster.Time.CreateTimer(static ledger => ((SendLedger)ledger!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What refused and failed sends say.</summary>
    public SendErrors Errors { get; }

    /// <summary>Takes a single send in; an error when it is refused.</summary>
    public StreamException? Begin(int size, out KafkaSend? send)
    {
        lock (_gate)
        {
            send = null;
            if (_closed)
            {
                return Errors.Closed();
            }

            if (_batchesWaiting > 0 || !HasRoomFor(size))
            {
                _flushes.CountFailed(1);
                return Errors.Throttled(_bytes);
            }

            _undecided++;
            send = Take(size, _sequence++);
            return null;
        }
    }

    /// <summary>Counts the records of a batch as undecided before any of them is handed over; an error when it is refused.</summary>
    public StreamException? Begin(KafkaBatch batch)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return Errors.Closed();
            }

            _undecided += batch.Entries.Count;
            batch.Sequence = _sequence++;
            return null;
        }
    }

    /// <summary>Takes one record of a batch in; null when there is no room for it now.</summary>
    public KafkaSend? TryAdmit(KafkaBatch batch, KafkaBatch.Entry entry)
    {
        lock (_gate)
        {
            return _aborted || !HasRoomFor(entry.Size) ? null : Take(entry.Size, batch.Sequence, batch, entry.Index);
        }
    }

    /// <summary>A batch waits for room: until it is through, single sends would overtake it and are refused.</summary>
    public void BatchWaits(int change)
    {
        lock (_gate)
        {
            _batchesWaiting += change;
        }
    }

    /// <summary>Completes when there may be room again.</summary>
    public Task RoomAsync()
    {
        lock (_gate)
        {
            return (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Whether a stop ended everything.</summary>
    public bool IsAborted
    {
        get
        {
            lock (_gate)
            {
                return _aborted;
            }
        }
    }

    /// <summary>Records that were refused before anything was taken in; the error to give instead when the producer is closed.</summary>
    public StreamException? CountRefused(int records)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return Errors.Closed();
            }

            _flushes.CountFailed(records);
            return null;
        }
    }

    /// <summary>librdkafka did not take a single send that was taken in here.</summary>
    public void Undo(KafkaSend send)
    {
        lock (_gate)
        {
            var sequence = send.Sequence;
            if (TryTakeBack(send))
            {
                Decided(sequence, stored: 0, failed: 1);
            }
        }
    }

    /// <summary>librdkafka did not take a record of a batch, which stays undecided; false when a stop or its deadline decided it meanwhile.</summary>
    public bool Withdraw(KafkaSend send)
    {
        lock (_gate)
        {
            return TryTakeBack(send);
        }
    }

    /// <summary>Ends the records of a batch that were not handed over.</summary>
    public void FailRest(KafkaBatch batch, StreamException error)
    {
        lock (_gate)
        {
            var rest = batch.Entries.Count - batch.HandedOver;
            for (; batch.HandedOver < batch.Entries.Count; batch.HandedOver++)
            {
                batch.Decide(batch.Entries[batch.HandedOver].Index, SendResult.Failed(error));
            }

            Decided(batch.Sequence, stored: 0, failed: rest);
        }
    }

    /// <summary>One record of a batch that librdkafka will never take.</summary>
    public void FailNext(KafkaBatch batch, StreamException error)
    {
        lock (_gate)
        {
            batch.Decide(batch.Entries[batch.HandedOver++].Index, SendResult.Failed(error));
            Decided(batch.Sequence, stored: 0, failed: 1);
        }
    }

    /// <summary>What librdkafka reported of a send, which may be in use again afterwards. Runs on its poll thread.</summary>
    public void Report(KafkaSend send, int partition, long offset, Error error)
    {
        var failure = error.IsError ? Errors.Of(error) : null;
        var position = failure is null ? new StreamPosition(partition, (UInt128)offset) : default;
        lock (_gate)
        {
            _bytes -= send.Size;
            var isCounted = send.IsCounted;
            var sequence = send.Sequence;
            send.Uncount();
            if (!send.TryAnswer(position, failure))
            {
                _pool.Forget(send);
            }

            if (isCounted)
            {
                Decided(sequence, stored: failure is null ? 1 : 0, failed: failure is null ? 0 : 1);
            }

            _room?.TrySetResult();
            _room = null;
        }
    }

    /// <summary>Completes when every send that was begun before is decided.</summary>
    public Task<FlushReceipt> FlushAsync()
    {
        lock (_gate)
        {
            return _undecided == 0 ? Task.FromResult(_flushes.TakeReceipt(pending: 0)) : _flushes.WaitAsync(_sequence, _undecided);
        }
    }

    /// <summary>Takes nothing more; completes when everything is decided.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _closed = true;
            if (_undecided == 0)
            {
                return Task.CompletedTask;
            }

            return (_drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Ends what is undecided, and says how sends ended since the last receipt.</summary>
    public FlushReceipt Abort()
    {
        lock (_gate)
        {
            _aborted = true;
            var pending = _undecided;
            var error = Errors.Closed();
            _pool.ForEach(send =>
            {
                if (send.IsCounted)
                {
                    send.Uncount();
                    send.Abandon(error);
                }
            });
            _undecided = 0;
            _room?.TrySetResult();
            _room = null;
            return _flushes.CutShort(pending);
        }
    }

    public void Dispose() => _sweeper.Dispose();

    private bool HasRoomFor(int size) => _bytes == 0 || _bytes + size <= _maxBytes;

    private KafkaSend Take(int size, long sequence, KafkaBatch? batch = null, int index = 0)
    {
        _bytes += size;
        if (!_armed)
        {
            _armed = true;
            _sweeper.Change(_round, _round);
        }

        var send = _pool.Rent();
        send.Begin(this, size, sequence, _now, batch, index);
        return send;
    }

    private bool TryTakeBack(KafkaSend send)
    {
        _bytes -= send.Size;
        var isCounted = send.IsCounted;
        send.Uncount();
        if (!send.TryTakeBack())
        {
            _pool.Forget(send);
        }

        return isCounted;
    }

    private void Decided(long sequence, int stored, int failed)
    {
        if (_aborted)
        {
            return;
        }

        _undecided -= stored + failed;
        _flushes.Settle(sequence, stored, failed);
        if (_undecided == 0)
        {
            _drained?.TrySetResult();
        }
    }

    // librdkafka keeps deadlines to about a second only.
    private void Sweep()
    {
        lock (_gate)
        {
            _now = _now == int.MaxValue ? 0 : _now + 1;
            if (_undecided == 0)
            {
                _armed = false;
                _sweeper.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return;
            }

            StreamException? error = null;
            _pool.ForEach(send =>
            {
                if (send.IsCounted && _now - send.Round >= _lifetime)
                {
                    send.Uncount();
                    send.Abandon(error ??= Errors.TimedOut("A record for"));
                    Decided(send.Sequence, stored: 0, failed: 1);
                }
            });
        }
    }
}
