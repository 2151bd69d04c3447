namespace DashStream.Providers;

/// <summary>
/// Hands batches to librdkafka, whole batches one after the other. What finds no room waits here, in order, and single sends are refused meanwhile, so that
/// nothing overtakes. Safe for concurrent use.
/// </summary>
/// <param name="ledger">The producer's undecided sends.</param>
/// <param name="handOver">Hands one over; an error when it was not taken.</param>
/// <param name="cluster">The cluster.</param>
internal sealed class BatchHandOver(
    BatchLedger ledger, Func<KafkaSend, StreamRecord, StreamException?> handOver, KafkaCluster cluster)
{
    // For room inside librdkafka, of which nobody tells: native settings may bound it lower than the producer does.
    private static readonly TimeSpan RoomPause = TimeSpan.FromMilliseconds(5);

    private readonly Lock _gate = new();
    private readonly Queue<KafkaBatch> _waiting = [];

    /// <summary>Sends what there is room for now; the rest follows. An error when the whole batch is refused.</summary>
    public StreamException? Send(KafkaBatch batch)
    {
        lock (_gate)
        {
            if (ledger.Begin(batch) is { } error)
            {
                return error;
            }

            if (_waiting.Count == 0 && TryHandOver(batch))
            {
                return null;
            }

            ledger.Waits(+1);
            _waiting.Enqueue(batch);
            if (_waiting.Count == 1)
            {
                _ = PumpAsync();
            }

            return null;
        }
    }

    private async Task PumpAsync()
    {
        while (true)
        {
            var room = ledger.RoomAsync();
            lock (_gate)
            {
                while (_waiting.TryPeek(out var batch) && (TryHandOver(batch) || TryEnd(batch)))
                {
                    _waiting.Dequeue();
                    ledger.Waits(-1);
                }

                if (_waiting.Count == 0)
                {
                    return;
                }
            }

            await Task.WhenAny(room, Task.Delay(RoomPause, cluster.Time)).ConfigureAwait(false);
        }
    }

    // True when the batch is through.
    private bool TryHandOver(KafkaBatch batch)
    {
        while (batch.HandedOver < batch.Entries.Count)
        {
            var entry = batch.Entries[batch.HandedOver];
            if (ledger.TryAdmit(batch, entry) is not { } send)
            {
                return false;
            }

            if (handOver(send, entry.Record) is { } error && ledger.Withdraw(send))
            {
                if (error.Kind == StreamErrorKind.Throttled)
                {
                    return false;
                }

                ledger.FailNext(batch, error);
                continue;
            }

            batch.HandedOver++;
        }

        return true;
    }

    private bool TryEnd(KafkaBatch batch)
    {
        if (ledger.IsAborted)
        {
            ledger.FailRest(batch, new StreamException(StreamErrorKind.Closed, "The producer was stopped before there was room for this record."));
            return true;
        }

        if (cluster.Time.GetElapsedTime(batch.Since) < cluster.Options.SendTimeout)
        {
            return false;
        }

        ledger.FailRest(batch, ledger.Errors.TimedOut("A record that waited for room in the queue for"));
        return true;
    }
}
