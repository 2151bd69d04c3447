namespace DashStream.Providers;

/// <summary>What batches do to the undecided sends of one producer: they count from the call on, and wait for room record by record. Safe for concurrent use.</summary>
internal sealed class BatchLedger(SendBook book)
{
    /// <summary>What refused and failed sends say.</summary>
    public SendErrors Errors => book.Errors;

    /// <summary>Whether a stop ended everything.</summary>
    public bool IsAborted
    {
        get
        {
            lock (book.Gate)
            {
                return book.IsAborted;
            }
        }
    }

    /// <summary>Counts the records of a batch as undecided before any of them is handed over; an error when it is refused.</summary>
    public StreamException? Begin(KafkaBatch batch)
    {
        lock (book.Gate)
        {
            if (book.IsClosed)
            {
                return Errors.Closed();
            }

            batch.Sequence = book.Open(batch.Entries.Count);
            return null;
        }
    }

    /// <summary>Takes one record of a batch in; null when there is no room for it now.</summary>
    public KafkaSend? TryAdmit(KafkaBatch batch, KafkaBatch.Entry entry)
    {
        lock (book.Gate)
        {
            if (book.IsAborted || !book.Room.HasFor(entry.Size))
            {
                return null;
            }

            var send = book.Sends.RentBatched();
            send.Join(batch, entry.Index);
            book.Begin(send, entry.Size, batch.Sequence);
            return send;
        }
    }

    /// <summary>librdkafka did not take a record of a batch, which stays undecided; false when a stop or its deadline decided it meanwhile.</summary>
    public bool Withdraw(KafkaSend send)
    {
        lock (book.Gate)
        {
            return book.TryTakeBack(send);
        }
    }

    /// <summary>A batch begins or ends to wait for room: until it is through, single sends would overtake it and are refused.</summary>
    public void Waits(int change)
    {
        lock (book.Gate)
        {
            book.BatchWaits(change);
        }
    }

    /// <summary>Completes when there may be room again.</summary>
    public Task RoomAsync()
    {
        lock (book.Gate)
        {
            return book.Room.WaitAsync();
        }
    }

    /// <summary>Ends the records of a batch that were not handed over.</summary>
    public void FailRest(KafkaBatch batch, StreamException error) => Fail(batch, batch.Entries.Count - batch.HandedOver, error);

    /// <summary>One record of a batch that librdkafka will never take.</summary>
    public void FailNext(KafkaBatch batch, StreamException error) => Fail(batch, 1, error);

    private void Fail(KafkaBatch batch, int records, StreamException error)
    {
        List<FlushWait>? reached;
        lock (book.Gate)
        {
            for (var i = 0; i < records; i++)
            {
                batch.Decide(batch.Entries[batch.HandedOver++].Index, SendResult.Failed(error));
            }

            book.Decide(batch.Sequence, stored: 0, failed: records);
            reached = book.Flushes.TakeReached();
        }

        reached?.ForEach(static wait => wait.Complete());
    }
}
