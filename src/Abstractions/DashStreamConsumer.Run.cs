using DashStream.Client;

namespace DashStream;

// How a run begins, fails and ends.
public sealed partial class DashStreamConsumer
{
    private static readonly TimeSpan LeastToLeave = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(100);

    /// <summary>For a stop that is out of time: handlers are told to give up.</summary>
    internal void AbandonHandlers() => _abandon.Cancel();

    private void Attach(IStreamConsumer consumer)
    {
        _consumer = consumer;
        _pauses = new PauseControl(consumer, _assignments);
        _assignments.Forgotten = _pauses.Forget;
        var failures = new FailureRules(consumer.Topic, _options, _logger);
        var letters = new DeadLetterWriter(consumer.Topic, consumer.Group, _options, _time, _status, _logger);
        var intake = new MessageIntake(new MessageCodec(_options.Codec));
        _sequences = new SequenceGuard(consumer.Topic, _options, _logger);
        var duplicates = _duplicates is null ? null : new DuplicateFilter(consumer.Topic, _duplicates, _options.Retry, _time, _logger);
        _deliveries = new DeliveryHandler(intake, _sequences, duplicates, failures, letters, _options.Retry, _time, _status)
        {
            Fail = Fail,
            Abandon = _abandon.Token,
        };
        _opened.SetResult(consumer);
    }

    private async Task DispatchAsync(KeyTable keys, Func<Task> dispatch, CancellationToken cancellationToken)
    {
        _sequences.PutBack = keys.PutBack;
        Begin(keys.Drain);
        var work = Task.WhenAll(ReadAsync(keys.Enqueue), dispatch());
        _work = work;
        await using (cancellationToken.UnsafeRegister(_ => RequestStop(), null).ConfigureAwait(false))
        {
            // A handler that does not end must not keep the stop from beginning, which tells it to.
            await Task.WhenAny(work, _stopRequested.Task).ConfigureAwait(false);
            await StopAfterRunAsync().ConfigureAwait(false);
        }

        if (_failure is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void Begin(Action drain)
    {
        lock (_state)
        {
            if (_stop is not null)
            {
                throw new StreamException(StreamErrorKind.Closed, $"The consumer of topic '{Topic}' was stopped; open a new one to read again.");
            }

            if (_started)
            {
                throw new InvalidOperationException("This consumer is reading already. A consumer is run once, in one way.");
            }

            _started = true;
            _drain = drain;
        }
    }

    // Ends when reading is stopped; a permanent error becomes the run's failure.
    private async Task ReadAsync(Action<IReadOnlyList<ReceivedMessage>> sink)
    {
        var loop = new ReadLoop(_consumer, _assignments, _pauses, _gate, _budget, _options, _telemetry, _time, _logger);
        var reading = loop.RunAsync(sink, _stopReading.Token);
        var committing = _commits.RunAsync(_consumer, _options.CommitInterval, _time, _stopReading.Token);
        var first = await Task.WhenAny(reading, committing).ConfigureAwait(false);
        if (first.Exception?.InnerException is { } error)
        {
            Fail(error);
        }

        RequestStop();
        await Task.WhenAll(reading, committing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async ValueTask<bool> TryPresentAsync(ReceivedMessage message)
    {
        if (_failure is not null || !message.Partition.TryStart())
        {
            message.Finish(handled: false);
            return false;
        }

        return await _deliveries.TryPresentAsync(message).ConfigureAwait(false);
    }

    private void Fail(Exception error)
    {
        Interlocked.CompareExchange(ref _failure, error, null);
        RequestStop();
    }

    private void RequestStop()
    {
        Interlocked.CompareExchange(ref _droppedBefore, _budget.Dropped, -1);
        _drain?.Invoke();
        _stopReading.Cancel();
        _stopRequested.TrySetResult();
    }

    // Whoever leaves the enumeration says nothing more about what it was given, as a rule: a stop need not wait for that.
    private void EndPulling()
    {
        _leftPulling = true;
        RequestStop();
    }

    private async Task StopAfterRunAsync()
    {
        try
        {
            await StopAsync(_options.StopTimeout, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StreamException e) when (_failure is not null)
        {
            // What ended the run is what its caller must hear.
            Log.StopFailed(_logger, Topic, e);
        }
    }

    private async Task<StopReceipt> StopOnceAsync(StopDeadline deadline)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        RequestStop();
        await DrainAsync(deadline).ConfigureAwait(false);
        if (!_work.IsCompleted && _abandon.IsCancellationRequested)
        {
            // Told to give up before the deadline: handlers that obey are done in a moment, and nobody waits for the others.
            var moment = deadline.Left < LastMoment ? deadline.Left : LastMoment;
            await _work.WaitAsync(moment, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var complete = _work.IsCompleted;
        if (!complete)
        {
            await _abandon.CancelAsync().ConfigureAwait(false);
        }

        var left = _leftPulling || !complete ? TimeSpan.Zero : deadline.Left;
        _assignments.Patience = left < _options.RevokeTimeout ? left : _options.RevokeTimeout;
        await TryCommitAsync(Floor(deadline)).ConfigureAwait(false);

        // The provider counts what was delivered and not committed, which includes what is still with us; reading alone, only we know.
        var receipt = await _consumer.StopAsync(Floor(deadline)).ConfigureAwait(false);
        var undone = _budget.Records + _budget.Dropped - Interlocked.Read(ref _droppedBefore);
        if (undone > 0)
        {
            Log.StoppedWithWorkLeft(_logger, Topic, undone);
        }

        return new StopReceipt(complete && receipt.Complete, _budget.Finished, Math.Max(undone, receipt.Left), receipt.Committed);
    }

    // Waits for running handlers, and commits meanwhile, so that a stop that is cut short leaves little to come again.
    private async Task DrainAsync(StopDeadline deadline)
    {
        while (!_work.IsCompleted && !_abandon.IsCancellationRequested && deadline.Left is var left && left > TimeSpan.Zero)
        {
            var pause = left < _options.CommitInterval ? left : _options.CommitInterval;
            await _work.WaitAsync(pause, _time, _abandon.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_work.IsCompleted)
            {
                await TryCommitAsync(Floor(deadline)).ConfigureAwait(false);
            }
        }
    }

    private async Task TryCommitAsync(TimeSpan limit)
    {
        var commit = CommitCoreAsync(CancellationToken.None).AsTask();
        try
        {
            await commit.WaitAsync(limit, _time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StreamException or TimeoutException)
        {
            BoundedWait.Forget(commit);
            Log.CommitRetried(_logger, Topic, e);
        }
    }

    // Even a stop whose time is over gets a moment to commit and to leave: it saves the others a session time-out.
    private TimeSpan Floor(StopDeadline deadline) =>
        _abandon.IsCancellationRequested || deadline.Left < LeastToLeave ? LeastToLeave : deadline.Left;

    private async ValueTask CommitCoreAsync(CancellationToken cancellationToken) =>
        await _commits.CommitAsync(await _opened.Task.WaitAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private AssignedPartition CreatePartition(int partition) =>
        new(partition, _budget, _options.MaxInFlightPerPartition, held => _pauses.Release(held), _stopReading.Token);

    // Leaving the enumeration early ends reading: nobody else would take what it brings.
    private readonly struct StopOnExit(Action stop) : IDisposable
    {
        public void Dispose() => stop();
    }
}
