using System.Diagnostics.CodeAnalysis;
using DashStream.Telemetry;
using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>Commits the watermarks that moved, one commit at a time.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no handle to free, and late callers must find it in order.")]
internal sealed class CommitWorker(DeliveryTelemetry telemetry, bool hasGroup, Func<IReadOnlyList<AssignedPartition>> owned, ILogger logger)
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Commits until cancelled.</summary>
    /// <exception cref="StreamException">A permanent error.</exception>
    public async Task RunAsync(IStreamConsumer consumer, TimeSpan interval, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        while (await WaitAsync(timer, cancellationToken).ConfigureAwait(false))
        {
            await CommitAsync(consumer, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Commits now. A transient failure or a lost partition leaves the commit due; the records are delivered again at worst.</summary>
    public async ValueTask CommitAsync(IStreamConsumer consumer, CancellationToken cancellationToken)
    {
        if (!hasGroup)
        {
            return;
        }

        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var moved = new List<(AssignedPartition Partition, StreamPosition Position)>();
            foreach (var partition in owned())
            {
                if (partition.TryTakeCommit(out var position))
                {
                    moved.Add((partition, position));
                }
            }

            if (moved.Count > 0)
            {
                await CommitAsync(consumer, moved, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    private async ValueTask CommitAsync(
        IStreamConsumer consumer, List<(AssignedPartition Partition, StreamPosition Position)> moved, CancellationToken cancellationToken)
    {
        var started = telemetry.Start();
        try
        {
            await consumer.CommitAsync(moved.ConvertAll(move => move.Position), cancellationToken).ConfigureAwait(false);
            telemetry.Committed(moved.Count, started, error: null);
        }
        catch (Exception e)
        {
            telemetry.Committed(moved.Count, started, e);
            moved.ForEach(move => move.Partition.CommitFailed());
            if (e is not StreamException { Kind: StreamErrorKind.Transient or StreamErrorKind.Throttled or StreamErrorKind.Timeout or StreamErrorKind.Fenced })
            {
                throw;
            }

            Log.CommitRetried(logger, telemetry.Topic, e);
        }
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
