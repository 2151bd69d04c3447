namespace DashStream.Providers;

/// <summary>
/// What is known of the undecided sends of one producer: how many, their bytes, their numbers, who waits for them. Guarded by its <see cref="Gate"/>, which the
/// ledgers over it hold.
/// </summary>
/// <param name="ledger">Told of reports.</param>
/// <param name="errors">What refused sends say.</param>
/// <param name="maxBytes">Most bytes on their way.</param>
/// <param name="rounds">The clock of deadlines.</param>
internal sealed class SendBook(SendLedger ledger, SendErrors errors, long maxBytes, SendRounds rounds)
{
    private long _sequence;
    private int _batchesWaiting;

    public Lock Gate { get; } = new();

    /// <summary>What refused and failed sends say.</summary>
    public SendErrors Errors { get; } = errors;

    public LiveSends Sends { get; } = new(ledger);

    public SendRoom Room { get; } = new(maxBytes);

    public FlushWaits Flushes { get; } = new();

    public long Undecided { get; private set; }

    /// <summary>Whether nothing more is taken.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Whether a stop ended everything.</summary>
    public bool IsAborted { get; private set; }

    /// <summary>Why a single send cannot be taken now; null when it can.</summary>
    public StreamException? RefuseSingle(int size)
    {
        if (IsClosed)
        {
            return Errors.Closed();
        }

        if (_batchesWaiting == 0 && Room.HasFor(size))
        {
            return null;
        }

        Flushes.CountFailed(1);
        return Errors.Throttled(Room.Bytes);
    }

    /// <summary>Counts records that are one call as undecided; returns the call's number.</summary>
    public long Open(int records)
    {
        Undecided += records;
        return _sequence++;
    }

    /// <summary>A record goes on its way.</summary>
    public void Begin(KafkaSend send, int size, long sequence)
    {
        Room.Take(size);
        rounds.Arm();
        send.Begin(size, sequence, rounds.Now);
    }

    /// <summary>A record did not go on its way; false when its deadline or a stop decided it meanwhile.</summary>
    public bool TryTakeBack(KafkaSend send)
    {
        Room.Return(send.Size);
        var isCounted = send.IsCounted;
        send.Uncount();
        if (!send.TryTakeBack())
        {
            Sends.Forget(send);
        }

        return isCounted;
    }

    /// <summary>Records of a call are decided. Who waited for them is told by whoever takes them from <see cref="Flushes"/>.</summary>
    public void Decide(long sequence, int stored, int failed)
    {
        if (!IsAborted)
        {
            Undecided -= stored + failed;
            Flushes.Settle(sequence, stored, failed);
        }
    }

    /// <summary>A batch waits for room, or does no longer: until it is through, single sends would overtake it and are refused.</summary>
    public void BatchWaits(int change) => _batchesWaiting += change;

    /// <summary>Completes when every send that was begun before is decided.</summary>
    public Task<FlushReceipt> FlushAsync() =>
        Undecided == 0 ? Task.FromResult(Flushes.TakeReceipt(pending: 0)) : Flushes.WaitAsync(_sequence, Undecided);

    /// <summary>Takes nothing more; completes when everything is decided.</summary>
    public Task CloseAsync()
    {
        IsClosed = true;
        return Undecided == 0 ? Task.CompletedTask : Flushes.DrainAsync(Undecided);
    }

    /// <summary>Ends what is undecided, and says how sends ended since the last receipt.</summary>
    public FlushReceipt Abort(StreamException error, out List<ISendOutcome>? outcomes)
    {
        IsAborted = true;
        outcomes = EndAll(static _ => true, error);
        var receipt = Flushes.CutShort(Undecided);
        Undecided = 0;
        Room.Tell();
        return receipt;
    }

    /// <summary>Ends sends whose outcome is not awaited any longer; returns who is to be told, in the order of the sends.</summary>
    public List<ISendOutcome>? EndAll(Func<KafkaSend, bool> isOver, StreamException error)
    {
        List<KafkaSend> ended = [];
        Sends.ForEach(send =>
        {
            if (send.IsCounted && isOver(send))
            {
                ended.Add(send);
            }
        });
        ended.Sort(static (one, other) => one.Sequence.CompareTo(other.Sequence));
        List<ISendOutcome>? outcomes = null;
        foreach (var send in ended)
        {
            send.Uncount();
            if (send.Abandon(error) is { } outcome)
            {
                (outcomes ??= []).Add(outcome);
            }

            Decide(send.Sequence, stored: 0, failed: 1);
        }

        return outcomes;
    }
}
