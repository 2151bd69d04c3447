using System.Collections.Concurrent;
using DashStream.Client;
using DashStream.Protocol;
using DashStream.Runs;

namespace DashStream;

/// <summary>
/// Records agent runs: many <see cref="DashStreamRun"/>s share one bounded queue, one worker and one producer. Recording never blocks and never throws into
/// the application (see <see cref="DashStreamRunsOptions.ThrowOnLoss"/>); what is lost is counted. Thread-safe. The producer is not owned.
/// </summary>
public sealed class DashStreamRuns : IAsyncDisposable
{
    // So many runs are ended as aborted by a stop; beyond it only those that the application itself ends are.
    private const int MostOpenRuns = 100_000;

    private readonly ConcurrentDictionary<DashStreamRun, byte> _open = new();
    private readonly RunWorker _worker;
    private readonly Lock _gate = new();
    private volatile Task? _running;
    private Task<RunCounts>? _stop;
    private volatile bool _stopped;

    /// <summary>Records through a producer.</summary>
    /// <param name="producer">Where to send. Not disposed.</param>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <exception cref="StreamException">A setting is out of range.</exception>
    public DashStreamRuns(DashStreamProducer producer, DashStreamRunsOptions? options = null, TimeProvider? time = null)
        : this(_ => new ValueTask<DashStreamProducer>(producer), options, time) => ArgumentNullException.ThrowIfNull(producer);

    /// <summary>Records through the shared producer of a client, which is opened by the first message. While it does not open, messages wait in the queue.</summary>
    /// <param name="client">Whose producer.</param>
    /// <param name="topic">A topic name, see <see cref="StreamNames"/>.</param>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <exception cref="StreamException">A setting is out of range, or the name is invalid.</exception>
    public DashStreamRuns(DashStreamClient client, string topic, DashStreamRunsOptions? options = null, TimeProvider? time = null)
        : this(token => client.GetProducerAsync(topic, token), options, time)
    {
        ArgumentNullException.ThrowIfNull(client);
        StreamNames.ThrowIfInvalidTopic(topic);
    }

    private DashStreamRuns(Func<CancellationToken, ValueTask<DashStreamProducer>> openProducer, DashStreamRunsOptions? options, TimeProvider? time)
    {
        Options = options ?? new DashStreamRunsOptions();
        OptionFaults.ThrowIfAny(nameof(DashStreamRunsOptions), Options.Faults());
        Time = time ?? TimeProvider.System;
        Ledger = new RunLedger(Options);
        _worker = new RunWorker(openProducer, Options, Ledger, Time);
    }

    /// <summary>What became of all messages so far.</summary>
    public RunCounts Counts => Ledger.Read();

    /// <summary>That of the host; null outside one.</summary>
    internal ShutdownLimit? Limit { get; init; }

    internal DashStreamRunsOptions Options { get; }

    internal TimeProvider Time { get; }

    internal RunLedger Ledger { get; }

    /// <summary>Begins the record of a run. Its messages are the thread's, in the order in which they are told.</summary>
    /// <param name="threadId">The run or conversation; null or blank gives it a new id. Several runs may follow each other, or run side by side, on one thread.</param>
    /// <param name="graph">What runs; null when there is nothing to say.</param>
    /// <param name="tenantId">Whose it is; empty for the producer's tenant.</param>
    /// <param name="attributes">Further attributes of the start.</param>
    public DashStreamRun Start(
        string? threadId = null, RunGraph? graph = null, string tenantId = "", params ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        var thread = string.IsNullOrWhiteSpace(threadId) ? Guid.NewGuid().ToString() : threadId;
        var run = new DashStreamRun(this, NewLane(thread, tenantId ?? ""));
        if (!_stopped && _open.Count < MostOpenRuns)
        {
            _open.TryAdd(run, 0);
        }

        run.Begin(graph, attributes);
        return run;
    }

    /// <summary>Returns when everything recorded before the call is decided, or when the time is over; it never throws for what the stream did.</summary>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What became of all messages; <see cref="RunKindCounts.Pending"/> says what is left.</returns>
    public async ValueTask<RunCounts> FlushAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        var flush = FlushAllAsync(StopDeadline.Start(timeout, Time), cancellationToken);
        await flush.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return Counts;
    }

    /// <summary>
    /// Ends the runs that are still open as aborted, takes nothing more, stores what it can until the deadline and says what became of everything. Calling it
    /// again returns the same.
    /// </summary>
    public async ValueTask<RunCounts> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(deadline, TimeSpan.Zero);
        Task<RunCounts> stop;
        lock (_gate)
        {
            stop = _stop ??= StopOnceAsync(StopDeadline.Start(deadline, Time));
        }

        return await stop.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops with <see cref="DashStreamRunsOptions.StopTimeout"/>.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(Limit?.Within(Options.StopTimeout) ?? Options.StopTimeout).ConfigureAwait(false);

    internal RunLane NewLane(string threadId, string tenantId) => new(threadId, tenantId, Options, Time);

    /// <summary>The run has ended: a stop need not look after it.</summary>
    internal void Forget(DashStreamRun run) => _open.TryRemove(run, out _);

    /// <summary>Takes a message into the queue, or counts its loss; for what comes from the application's own calls the loss may throw.</summary>
    /// <returns>Whether it was taken.</returns>
    internal bool Record(RunLane lane, DashStreamMessage message, bool mayThrow = true)
    {
        var slip = new RunSlip(MessageParts.TypeOf(message), message.CalculateSize());
        return Take(slip, RunDetails.IsDetail(message), mayThrow && !RunDetails.IsEnd(message)) && Post(new RunWork { Lane = lane, Message = message, Slip = slip });
    }

    /// <summary>Takes a state into the queue, or counts its loss.</summary>
    internal bool Record(RunLane lane, StateSnapshot state)
    {
        var slip = new RunSlip(MessageType.StateDiff, state.Json.Length);
        return Take(slip, isDetail: false, mayThrow: true) && Post(new RunWork { Lane = lane, State = state, Slip = slip });
    }

    /// <summary>Asks for a checkpoint of the last state, or counts that there is no room for one.</summary>
    internal void RequestCheckpoint(RunLane lane)
    {
        var slip = new RunSlip(MessageType.Checkpoint, 0);
        if (Take(slip, isDetail: false, mayThrow: true))
        {
            Post(new RunWork { Lane = lane, Checkpoint = true, Slip = slip });
        }
    }

    /// <summary>Counts a message that could not be made.</summary>
    internal void Refuse(MessageType kind, Exception error)
    {
        var slip = new RunSlip(kind, 0);
        Ledger.TakeAlways(slip);
        Ledger.Decide(slip, error);
    }

    private bool Take(in RunSlip slip, bool isDetail, bool mayThrow)
    {
        if (_stopped)
        {
            Ledger.Drop(slip.Kind, RunLoss.Stopped);
            return false;
        }

        var isTaken = Ledger.TryTake(slip.Kind, slip.Bytes, isDetail);
        return isTaken || !Options.ThrowOnLoss || !mayThrow
            ? isTaken
            : throw new StreamException(StreamErrorKind.Throttled,
                $"There is no room to record a message ({slip.Kind}): {Counts.Total.Pending:N0} are pending ({nameof(DashStreamRunsOptions.MaxPendingMessages)}, {nameof(DashStreamRunsOptions.MaxPendingBytes)}).");
    }

    private bool Post(in RunWork work)
    {
        if (_running is null)
        {
            StartWorker();
        }

        if (_worker.Post(work))
        {
            return true;
        }

        // The stop came between the look at the flag and here.
        if (work.Slip.Kind != MessageType.Unspecified)
        {
            Ledger.Decide(work.Slip, new StreamException(StreamErrorKind.Closed, "The recording was stopped."));
        }

        return false;
    }

    private void StartWorker()
    {
        lock (_gate)
        {
            if (_running is null)
            {
                // The worker must not live in the context, and the trace, of whoever happens to record first.
                using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
                {
                    _running = Task.Run(_worker.RunAsync);
                }
            }
        }
    }

    private async Task FlushAllAsync(StopDeadline deadline, CancellationToken cancellationToken)
    {
        var flush = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_running is null || !_worker.Post(new RunWork { Flush = flush }))
        {
            return;
        }

        var sends = await flush.Task.WaitAsync(deadline.Left, Time, cancellationToken).ConfigureAwait(false);
        await sends.WaitAsync(deadline.Left, Time, cancellationToken).ConfigureAwait(false);
        if (_worker.Producer is { } producer)
        {
            await producer.FlushAsync(cancellationToken).AsTask().OrLeaveAsync(deadline.Left, Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<RunCounts> StopOnceAsync(StopDeadline deadline)
    {
        foreach (var run in _open.Keys)
        {
            run.Abort("The recording was stopped before the run's end was told.");
        }

        _stopped = true;
        await FlushAllAsync(deadline, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _worker.Complete();
        _worker.Abandon();
        if (_running is { } running)
        {
            await running.WaitAsync(deadline.Left, Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _worker.Dispose();
        return Counts;
    }
}
