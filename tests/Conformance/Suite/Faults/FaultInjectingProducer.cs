using System.Text;

namespace DashStream.Conformance;

/// <summary>Sends key by key in the order of the calls, each with the fault that the plan has for it.</summary>
internal sealed class FaultInjectingProducer(IStreamProducer inner, string id, FaultPlan plan, TimeProvider time, FaultJournal? journal) : IStreamProducer
{
    private static readonly TimeSpan FullQueueWait = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);
    private TaskCompletionSource? _idle;
    private int _pending;
    private bool _stopped;

    public string Topic => inner.Topic;

    public int PartitionCount => inner.PartitionCount;

    public ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        lock (_gate)
        {
            if (_stopped)
            {
                return ValueTask.FromException<StreamPosition>(new StreamException(StreamErrorKind.Closed, $"The producer of '{Topic}' was stopped."));
            }

            var line = LineOf(record);
            var send = line.Sends++;
            if (plan.Happens(FaultPoint.RefusedSend, plan.Rates.RefusedSends, line.Id, send))
            {
                return ValueTask.FromException<StreamPosition>(FaultInjectingProvider.Fault("a send", StreamErrorKind.Throttled));
            }

            _pending++;
            var before = line.LastHandedOver;
            var handedOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            line.LastHandedOver = handedOver.Task;
            return new(SendInTurnAsync(record, line.Id, send, before, handedOver));
        }
    }

    public async ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        var results = new SendResult[records.Count];
        for (var i = 0; i < results.Length; i++)
        {
            try
            {
                results[i] = SendResult.Stored(await SendAsync(records[i], cancellationToken));
            }
            catch (StreamException e)
            {
                results[i] = SendResult.Failed(e);
            }
        }

        return results;
    }

    public async ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default)
    {
        await WhenIdle().WaitAsync(cancellationToken);
        return await inner.FlushAsync(cancellationToken);
    }

    public async ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            _stopped = true;
        }

        var started = time.GetTimestamp();
        await Task.WhenAny(WhenIdle(), Task.Delay(deadline, time, cancellationToken));
        var left = deadline - time.GetElapsedTime(started);
        return await inner.StopAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async Task<StreamPosition> SendInTurnAsync(StreamRecord record, string line, long send, Task before, TaskCompletionSource handedOver)
    {
        try
        {
            await before;
            await DelayAsync(plan.DelayAt(FaultPoint.DelayedSend, plan.Rates.DelayedSends, line, send));
            if (plan.Happens(FaultPoint.LostSend, plan.Rates.LostSends, line, send))
            {
                throw FaultInjectingProvider.Fault("a send", StreamErrorKind.Transient);
            }

            var stored = await HandOverAsync(record);
            var copied = plan.Happens(FaultPoint.DoubledSend, plan.Rates.DoubledSends, line, send) ? await HandOverAsync(record) : null;
            handedOver.TrySetResult();
            var position = await stored;
            journal?.Stored(position, id);
            if (copied is not null)
            {
                journal?.Stored(await copied, id);
            }

            return plan.Happens(FaultPoint.LostReply, plan.Rates.LostReplies, line, send)
                ? throw FaultInjectingProvider.Fault("the reply to a send", StreamErrorKind.Timeout)
                : position;
        }
        finally
        {
            handedOver.TrySetResult();
            End();
        }
    }

    // A full queue refuses at once, and only whoever called could wait for it: here that is us. Otherwise returned as soon as the provider has it.
    private async Task<Task<StreamPosition>> HandOverAsync(StreamRecord record)
    {
        while (true)
        {
            var stored = inner.SendAsync(record, CancellationToken.None).AsTask();
            if (stored.Exception?.InnerException is not StreamException { Kind: StreamErrorKind.Throttled })
            {
                return stored;
            }

            await Task.Delay(FullQueueWait, time);
        }
    }

    private Task DelayAsync(TimeSpan delay) => delay > TimeSpan.Zero ? Task.Delay(delay, time) : Task.CompletedTask;

    private Line LineOf(StreamRecord record)
    {
        var key = Encoding.UTF8.GetString(record.Key.Span);
        if (!_lines.TryGetValue(key, out var line))
        {
            _lines[key] = line = new Line($"{id}, {key}");
        }

        return line;
    }

    private Task WhenIdle()
    {
        lock (_gate)
        {
            return _pending == 0 ? Task.CompletedTask : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void End()
    {
        lock (_gate)
        {
            if (--_pending == 0)
            {
                _idle?.TrySetResult();
                _idle = null;
            }
        }
    }

    /// <summary>The sends of one key.</summary>
    private sealed class Line(string id)
    {
        public string Id { get; } = id;

        public long Sends { get; set; }

        public Task LastHandedOver { get; set; } = Task.CompletedTask;
    }
}
