using System.Threading.Channels;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Runs;

/// <summary>
/// The one reader of the queue: batches events, turns states into patches, hands everything to the producer in order. Never waits for a single send; what is on
/// its way is bounded by the ledger.
/// </summary>
internal sealed class RunWorker(Func<CancellationToken, ValueTask<DashStreamProducer>> openProducer, DashStreamRunsOptions options, RunLedger ledger, TimeProvider time)
    : IDisposable
{
    private static readonly RetryPolicy OpenRetry = new() { MaxDelay = TimeSpan.FromSeconds(10) };

    private readonly Channel<RunWork> _work = Channel.CreateUnbounded<RunWork>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _abandoned = new();
    private readonly HashSet<RunLane> _batching = [];
    private readonly RunSends _sends = new(ledger);
    private ITimer? _batchTimer;
    private bool _batchTimerIsSet;
    private volatile DashStreamProducer? _producer;

    /// <summary>The producer, once it is open.</summary>
    public DashStreamProducer? Producer => _producer;

    /// <summary>Never blocks. False after <see cref="Complete"/>.</summary>
    public bool Post(in RunWork work) => _work.Writer.TryWrite(work);

    /// <summary>Takes no more work; <see cref="RunAsync"/> ends when what is there is handed over.</summary>
    public void Complete() => _work.Writer.TryComplete();

    /// <summary>Ends waiting for a producer that does not open.</summary>
    public void Abandon() => _abandoned.Cancel();

    public async Task RunAsync()
    {
        var reader = _work.Reader;
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var producer = _producer ??= await OpenAsync().ConfigureAwait(false);
            while (reader.TryRead(out var work))
            {
                Do(work, producer);
            }
        }

        if (_producer is { } last)
        {
            SendBatches(last, onlyDue: false);
        }

        await _sends.Whole().ConfigureAwait(false);
    }

    public void Dispose()
    {
        _batchTimer?.Dispose();
        _abandoned.Dispose();
    }

    private async ValueTask<DashStreamProducer> OpenAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await openProducer(_abandoned.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (!_abandoned.IsCancellationRequested)
            {
                // Whatever it is, the application goes on without its record; what finds no more room is counted.
                ledger.Note(e);
                await Task.Delay(OpenRetry.DelayAfter(attempt, Random.Shared), time, _abandoned.Token).ConfigureAwait(false);
            }
        }
    }

    private void Do(in RunWork work, DashStreamProducer producer)
    {
        if (work.Flush is { } flush)
        {
            SendBatches(producer, onlyDue: false);
            flush.TrySetResult(_sends.Whole());
        }
        else if (work.Lane is not { } lane)
        {
            _batchTimerIsSet = false;
            SendBatches(producer, onlyDue: true);
        }
        else if (work.Message is { MessageCase: DashStreamMessage.MessageOneofCase.Event } message && options.MaxBatchEvents > 1)
        {
            AddToBatch(lane, message.Event, work.Slip, producer);
        }
        else
        {
            SendBatch(lane, producer);
            SendSingle(work, lane, producer);
        }
    }

    private void SendSingle(in RunWork work, RunLane lane, DashStreamProducer producer)
    {
        if (work.Message is { } message)
        {
            FilterTrace(message.ExecutionTrace);
            _sends.Send(producer, message, [work.Slip]);
        }
        else if (work.State is { } state)
        {
            SendState(lane, state, work.Slip, producer);
        }
        else if (work.Heal)
        {
            SendAgain(lane, producer);
        }
        else if (work.Checkpoint)
        {
            ledger.GiveBack(work.Slip);
            SendCheckpoint(lane, producer);
        }
    }

    // The state at a run's end is a state like the others: what they must not show, it must not either.
    private void FilterTrace(ExecutionTrace? trace)
    {
        if (options.StateFilter is not { } filter || trace is not { FinalState.IsEmpty: false })
        {
            return;
        }

        try
        {
            trace.FinalState = UnsafeByteOperations.UnsafeWrap(filter(trace.FinalState.Memory));
        }
        catch (Exception)
        {
            // Better no state than one that nobody has looked through; as with the others, it does not end the recording.
            trace.FinalState = ByteString.Empty;
            trace.Metadata["final_state_left_out"] = ByteString.CopyFromUtf8("filter_failed");
        }
    }

    private void AddToBatch(RunLane lane, Event item, in RunSlip slip, DashStreamProducer producer)
    {
        lane.Batch.Add(item, slip, time.GetTimestamp());
        if (lane.Batch.Count >= options.MaxBatchEvents || lane.Batch.Bytes >= options.MaxBatchBytes)
        {
            SendBatch(lane, producer);
        }
        else if (_batching.Add(lane))
        {
            SetTimer();
        }
    }

    private void SendBatch(RunLane lane, DashStreamProducer producer)
    {
        if (lane.Batch.IsEmpty)
        {
            return;
        }

        _batching.Remove(lane);
        var (message, slips) = lane.Batch.Take(lane);
        _sends.Send(producer, message, slips);
    }

    private void SendBatches(DashStreamProducer producer, bool onlyDue)
    {
        foreach (var lane in _batching.ToList())
        {
            if (!onlyDue || time.GetElapsedTime(lane.Batch.Since) >= options.MaxBatchAge)
            {
                SendBatch(lane, producer);
            }
        }

        SetTimer();
    }

    private void SetTimer()
    {
        if (_batching.Count == 0 || _batchTimerIsSet)
        {
            return;
        }

        // Set for the oldest batch; when it fires, what became due meanwhile goes too.
        var left = options.MaxBatchAge - time.GetElapsedTime(_batching.Min(lane => lane.Batch.Since));
        _batchTimer ??= time.CreateTimer(_ => Post(default), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _batchTimerIsSet = true;
        _batchTimer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void SendState(RunLane lane, StateSnapshot state, in RunSlip slip, DashStreamProducer producer)
    {
        var json = state.Json;
        StateDiff? message;
        try
        {
            json = options.StateFilter?.Invoke(json) ?? json;
            message = lane.States.Next(state.Header, json);
        }
        catch (Exception e)
        {
            // No state, and no filter of the application, may end the recording of all runs.
            RunMeter.Degrade(e is StreamException { Kind: StreamErrorKind.TooLarge } ? "state_too_large_precheck" : "serialization_failed");
            ledger.Decide(slip, e);
            return;
        }

        if (message is null)
        {
            ledger.DecideUnchanged(slip);
            return;
        }

        if (_sends.Send(producer, message, [slip], onFailure: () => Heal(lane)))
        {
            lane.States.Accept(message, json);
            if (lane.States.CheckpointIsDue)
            {
                SendCheckpoint(lane, producer);
            }
        }
        else
        {
            // Not every refusal means that nothing of it was stored; the next state goes out whole, which fits both cases.
            lane.States.Break();
        }
    }

    private void Heal(RunLane lane)
    {
        lane.States.Break();
        Post(new RunWork { Lane = lane, Heal = true });
    }

    private void SendAgain(RunLane lane, DashStreamProducer producer)
    {
        // When this one fails too, the next state of the application is the next try.
        if (lane.States.IsBroken && lane.States.Again(lane.NewHeader(ByteString.Empty)) is { } message)
        {
            var slip = new RunSlip(MessageType.StateDiff, message.FullState.Length);
            ledger.TakeAlways(slip);
            if (_sends.Send(producer, message, [slip], onFailure: lane.States.Break))
            {
                lane.States.Accept(message, message.FullState.Memory);
            }
        }
    }

    private void SendCheckpoint(RunLane lane, DashStreamProducer producer)
    {
        if (lane.States.TakeCheckpoint(lane.NewHeader(ByteString.Empty)) is { } checkpoint)
        {
            var slip = new RunSlip(MessageType.Checkpoint, checkpoint.State.Length);
            ledger.TakeAlways(slip);
            _sends.Send(producer, checkpoint, [slip], onStored: () => lane.States.Rest(checkpoint.CheckpointId));
        }
    }
}
