using DashStream.Telemetry;
using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>Step 1 of the way in: reads batches, retries what is transient, reports gaps, holds partitions that are too far ahead, and passes records on.</summary>
internal sealed class ReadLoop(
    IStreamConsumer consumer, Assignments assignments, PauseControl pauses, ReadingGate gate, InFlightBudget budget, DashStreamConsumerOptions options,
    DeliveryTelemetry telemetry, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan ReadWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastBackoff = TimeSpan.FromSeconds(5);

    /// <summary>Reads until cancelled.</summary>
    /// <exception cref="StreamException">A permanent error.</exception>
    public async Task RunAsync(Action<IReadOnlyList<ReceivedMessage>> sink, CancellationToken stop)
    {
        var failures = 0;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await budget.WaitForRoomAsync().WaitAsync(stop).ConfigureAwait(false);
                await CycleAsync(sink, stop).ConfigureAwait(false);
                failures = 0;
            }
            catch (OperationCanceledException)
            {
                // Stopped, or interrupted: the loop's condition tells which.
            }
            catch (StreamException e) when (e.IsTransient || e.Kind == StreamErrorKind.Timeout)
            {
                await BackOffAsync(failures++, e, stop).ConfigureAwait(false);
            }
            catch (StreamException e) when (e.Kind == StreamErrorKind.Closed && stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async ValueTask CycleAsync(Action<IReadOnlyList<ReceivedMessage>> sink, CancellationToken stop)
    {
        var token = await gate.BeginCycleAsync().ConfigureAwait(false);
        try
        {
            using var registration = stop.UnsafeRegister(static g => ((ReadingGate)g!).CancelCycle(), gate);
            pauses.HoldOverfull();
            var batch = await ReadAsync(token).ConfigureAwait(false);
            try
            {
                TellGaps(batch.Gaps);
            }
            finally
            {
                // Read is read: whatever the callback throws, nobody would deliver these again.
                TakeIn(batch.Records, sink);
            }
        }
        finally
        {
            gate.EndCycle();
        }
    }

    private void TellGaps(IReadOnlyList<StreamGap> gaps)
    {
        foreach (var gap in gaps)
        {
            Log.GapFound(logger, consumer.Topic, gap.Partition, gap.From.ToString(), gap.To.ToString());
            options.OnGap?.Invoke(gap);
        }
    }

    private async ValueTask<StreamBatch> ReadAsync(CancellationToken cancellationToken)
    {
        var started = telemetry.Start();
        try
        {
            var batch = await consumer.ReadAsync(ReadWait, cancellationToken).ConfigureAwait(false);
            telemetry.Received(batch.Records, started);
            return batch;
        }
        catch (StreamException e) when (e.Kind != StreamErrorKind.Closed)
        {
            telemetry.ReadFailed(e, started);
            throw;
        }
    }

    private void TakeIn(IReadOnlyList<StreamRecord> records, Action<IReadOnlyList<ReceivedMessage>> sink)
    {
        if (records.Count == 0)
        {
            return;
        }

        var messages = new List<ReceivedMessage>(records.Count);
        long bytes = 0;
        AssignedPartition? partition = null;
        foreach (var record in records)
        {
            // Nothing is given up or begun anew while a cycle holds the turn, so one look is enough for a stretch of records.
            var number = record.Position!.Value.Partition;
            partition = partition?.Partition == number ? partition : assignments.Find(number) ?? (consumer.Group is null ? assignments.Renew(number) : null);
            if (partition is not null)
            {
                var message = partition.Take(record);
                messages.Add(message);
                bytes += message.SizeBytes;
            }
        }

        // Counted before anybody can finish one of them.
        budget.Add(messages.Count, bytes);
        sink(messages);
    }

    private async ValueTask BackOffAsync(int failures, StreamException error, CancellationToken stop)
    {
        var ceiling = Math.Min(LastBackoff.TotalMilliseconds, FirstBackoff.TotalMilliseconds * Math.Pow(2, failures));
        var delay = TimeSpan.FromMilliseconds((ceiling / 2) + (Chance.Random.NextDouble() * ceiling / 2));
        Log.ReadRetried(logger, consumer.Topic, delay, error);
        await Task.Delay(delay, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
