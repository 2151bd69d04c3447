using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// The undecided sends of one producer: bounds their bytes, ends those that are over their time, counts how sends ended, and completes the flushes that wait
/// for them. Safe for concurrent use.
/// </summary>
internal sealed class SendLedger : IDisposable
{
    private readonly SendRounds _rounds;
    private readonly SendBook _book;
    private readonly Lock _gate;

    public SendLedger(string topic, KafkaCluster cluster)
    {
        Errors = new SendErrors(topic, cluster);
        _rounds = new SendRounds(cluster.Options.SendTimeout, cluster.Time, Sweep);
        _book = new SendBook(this, Errors, cluster.Options.MaxPendingBytes, _rounds);
        _gate = _book.Gate;
        Batches = new BatchLedger(_book);
    }

    /// <summary>What refused and failed sends say.</summary>
    public SendErrors Errors { get; }

    /// <summary>The same sends, for those who send batches.</summary>
    public BatchLedger Batches { get; }

    /// <summary>Takes a single send in that is awaited; an error when it is refused.</summary>
    public StreamException? Begin(int size, out AwaitedSend? send)
    {
        lock (_gate)
        {
            send = null;
            if (_book.RefuseSingle(size) is { } refused)
            {
                return refused;
            }

            send = _book.Sends.RentAwaited();
            _book.Begin(send, size, _book.Open(1));
            return null;
        }
    }

    /// <summary>Takes a single send in whose outcome is told; an error when it is refused.</summary>
    public StreamException? Begin(int size, ISendOutcome outcome, out ToldSend? send)
    {
        lock (_gate)
        {
            send = null;
            if (_book.RefuseSingle(size) is { } refused)
            {
                return refused;
            }

            send = _book.Sends.RentTold();
            send.Tell(outcome);
            _book.Begin(send, size, _book.Open(1));
            return null;
        }
    }

    /// <summary>Records that were refused before anything was taken in; the error to give instead when the producer is closed.</summary>
    public StreamException? CountRefused(int records)
    {
        lock (_gate)
        {
            if (_book.IsClosed)
            {
                return Errors.Closed();
            }

            _book.Flushes.CountFailed(records);
            return null;
        }
    }

    /// <summary>librdkafka did not take a single send that was taken in here; false when a stop or its deadline decided it meanwhile.</summary>
    public bool Undo(KafkaSend send)
    {
        List<FlushWait>? reached;
        lock (_gate)
        {
            var sequence = send.Sequence;
            if (!_book.TryTakeBack(send))
            {
                return false;
            }

            _book.Decide(sequence, stored: 0, failed: 1);
            reached = _book.Flushes.TakeReached();
        }

        Complete(reached);
        return true;
    }

    /// <summary>What librdkafka reported of a send, which may be in use again afterwards. Runs on its poll thread.</summary>
    public void Report(KafkaSend send, int partition, long offset, Error error)
    {
        var failure = error.IsError ? Errors.Of(error) : null;
        var position = failure is null ? new StreamPosition(partition, (UInt128)offset) : default;
        ISendOutcome? outcome;
        List<FlushWait>? reached;
        lock (_gate)
        {
            var isCounted = send.IsCounted;
            var sequence = send.Sequence;
            _book.Room.Free(send.Size);
            send.Uncount();
            if (!send.TryAnswer(position, failure, out outcome))
            {
                _book.Sends.Forget(send);
            }

            if (isCounted)
            {
                _book.Decide(sequence, stored: failure is null ? 1 : 0, failed: failure is null ? 0 : 1);
            }

            reached = _book.Flushes.TakeReached();
        }

        // Outside the lock, since who is told may send again; and before the flushes, so that who flushed finds every outcome.
        outcome?.Decided(position, failure);
        Complete(reached);
    }

    /// <summary>Completes when every send that was begun before is decided.</summary>
    public Task<FlushReceipt> FlushAsync()
    {
        lock (_gate)
        {
            return _book.FlushAsync();
        }
    }

    /// <summary>Takes nothing more; completes when everything is decided.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            return _book.CloseAsync();
        }
    }

    /// <summary>Ends what is undecided, and says how sends ended since the last receipt.</summary>
    public FlushReceipt Abort()
    {
        var error = Errors.Closed();
        List<ISendOutcome>? outcomes;
        List<FlushWait>? reached;
        FlushReceipt receipt;
        lock (_gate)
        {
            receipt = _book.Abort(error, out outcomes);
            reached = _book.Flushes.TakeReached();
        }

        outcomes?.ForEach(outcome => outcome.Decided(default, error));
        Complete(reached);
        return receipt;
    }

    public void Dispose() => _rounds.Dispose();

    private static void Complete(List<FlushWait>? reached) => reached?.ForEach(static wait => wait.Complete());

    // librdkafka keeps deadlines to about a second only.
    private void Sweep()
    {
        List<ISendOutcome>? outcomes;
        List<FlushWait>? reached;
        StreamException error;
        lock (_gate)
        {
            _rounds.Advance();
            if (_book.Undecided == 0)
            {
                _rounds.Disarm();
                return;
            }

            error = Errors.TimedOut("A record for");
            outcomes = _book.EndAll(send => _rounds.IsOver(send.Round), error);
            reached = _book.Flushes.TakeReached();
        }

        outcomes?.ForEach(outcome => outcome.Decided(default, error));
        Complete(reached);
    }
}
