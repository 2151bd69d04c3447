using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DashStream.Client;
using DashStream.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DashStream;

/// <summary>
/// Reads agent messages from one topic of any provider, at least once. Use it in one of two ways, once: <see cref="RunAsync"/> with a handler (parallel across
/// keys, in order within a key) or <see cref="ReadAllAsync"/>. The committed position never passes a message that is not done.
/// </summary>
public sealed partial class DashStreamConsumer : IAsyncDisposable
{
    private readonly DashStreamConsumerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DeliveryTelemetry _telemetry;
    private readonly ReadingGate _gate = new();
    private readonly InFlightBudget _budget;
    private readonly Assignments _assignments;
    private readonly CommitWorker _commits;
    private readonly DeliveryStatus _status = new();
    private readonly CancellationTokenSource _stopReading = new();
    private readonly CancellationTokenSource _abandon = new();
    private readonly TaskCompletionSource<IStreamConsumer> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _state = new();
    private IStreamConsumer _consumer = null!;
    private DeliveryHandler _deliveries = null!;
    private SequenceGuard _sequences = null!;
    private IDuplicateWindow? _duplicates;
    private PauseControl _pauses = null!;
    private Action? _drain;
    private Task _work = Task.CompletedTask;
    private Task<StopReceipt>? _stop;
    private Exception? _failure;
    private bool _started;
    private long _droppedBefore = -1;
    private volatile bool _leftPulling;

    private DashStreamConsumer(DeliveryTelemetry telemetry, string? group, DashStreamConsumerOptions options, TimeProvider time, ILogger logger)
    {
        _telemetry = telemetry;
        _options = options;
        _time = time;
        _logger = logger;
        _budget = new InFlightBudget(options.MaxInFlight, options.MaxInFlightBytes);
        _assignments = new Assignments(CreatePartition, CommitCoreAsync, _gate, options.Stream.Listener) { Patience = options.RevokeTimeout };
        _commits = new CommitWorker(telemetry, group is not null, () => _assignments.Owned, logger);
    }

    /// <summary>The topic.</summary>
    public string Topic => _consumer.Topic;

    /// <summary>The group, or null when reading alone.</summary>
    public string? Group => _consumer.Group;

    /// <summary>The partitions that are ours now.</summary>
    public IReadOnlyList<int> Assignment => _consumer.Assignment;

    /// <summary>What the consumer is busy with just now. Thread-safe.</summary>
    public ConsumerStatus Status => new()
    {
        InFlight = _budget.Records,
        Finished = _budget.Finished,
        WaitingForRetry = _status.Waiting,
        UnstoredDeadLetters = _status.Letters,
        DeadLetterError = _status.LetterError,
        HeldPartitions = [.. _assignments.Owned.Where(partition => partition.IsHeld).Select(partition => partition.Partition).Order()],
        PausedPartitions = _pauses.ByUser,
        HaltedThreads = _sequences.Halted,
        Failure = Volatile.Read(ref _failure),
    };

    /// <summary>Opens a consumer; with a group it joins at once and reads when <see cref="RunAsync"/> or <see cref="ReadAllAsync"/> is called.</summary>
    /// <param name="provider">Where to read; not owned.</param>
    /// <param name="topic">A topic name, see <see cref="StreamNames"/>.</param>
    /// <param name="group">The group to join, or null to read alone without commits.</param>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <param name="logger">Where warnings go; null means nowhere.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="StreamException">An option or a name is invalid, or the provider could not open.</exception>
    public static async ValueTask<DashStreamConsumer> OpenAsync(IStreamProvider provider, string topic, string? group,
        DashStreamConsumerOptions? options = null, TimeProvider? time = null, ILogger? logger = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(provider);
        StreamNames.ThrowIfInvalidTopic(topic);
        options ??= new DashStreamConsumerOptions();
        OptionFaults.ThrowIfAny(nameof(DashStreamConsumerOptions), options.Faults());

        time ??= TimeProvider.System;
        var telemetry = new DeliveryTelemetry(provider.Name, topic, group, time);
        var consumer = new DashStreamConsumer(telemetry, group, options, time, logger ?? NullLogger.Instance);
        var stream = options.Stream.Copy();
        stream.Group = group;
        stream.Listener = consumer._assignments;
        stream.Validate();
        consumer._duplicates = await options.OpenDuplicatesAsync(topic, group, cancellationToken).ConfigureAwait(false);
        try
        {
            consumer.Attach(await provider.OpenConsumerAsync(topic, stream, cancellationToken).ConfigureAwait(false));
            return consumer;
        }
        catch when (consumer._duplicates is not null)
        {
            await consumer._duplicates.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Reads and handles until <paramref name="cancellationToken"/> fires or <see cref="StopAsync"/> is called; then it stops in an orderly way (within
    /// <see cref="DashStreamConsumerOptions.StopTimeout"/>) and returns. A handler that returns has done its message; one that throws has not. The token given
    /// to the handler fires only when the stop runs out of time.
    /// </summary>
    /// <exception cref="StreamException">The provider failed for good.</exception>
    /// <exception cref="Exception">What a handler threw at its last attempt, when there is no place for dead letters, or as
    /// <see cref="DashStreamConsumerOptions.OnFailure"/> decided.</exception>
    public Task RunAsync(Func<ReceivedMessage, CancellationToken, ValueTask> handler, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var watched = _telemetry.Watch(handler);
        var dispatcher = new KeyedDispatcher(_options.MaxConcurrency, message => _deliveries.TurnAsync(message, watched));
        return DispatchAsync(dispatcher.Keys, dispatcher.RunAsync, cancellationToken);
    }

    /// <summary>
    /// As <see cref="RunAsync"/>, with a handler of batches, gathered as <see cref="DashStreamConsumerOptions.Batch"/> says from all keys that have something to do.
    /// The messages of a key are in order, in one batch at a time. A batch that fails is tried again as a whole as <see cref="DashStreamConsumerOptions.Retry"/> says;
    /// after its last attempt each of its messages is handled alone, once more, so that only the one at fault fails for good.
    /// </summary>
    /// <exception cref="StreamException">The provider failed for good.</exception>
    /// <exception cref="Exception">What the handler threw for a message alone, when there is no place for dead letters.</exception>
    public Task RunBatchesAsync(
        Func<IReadOnlyList<ReceivedMessage>, CancellationToken, ValueTask> handler, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var dispatcher = new BatchDispatcher(Topic, _options, _deliveries, _telemetry.Watch(handler), _time, _logger);
        return DispatchAsync(dispatcher.Keys, dispatcher.RunAsync, cancellationToken);
    }

    /// <summary>
    /// Reads message by message, in order within each partition. Call <see cref="ReceivedMessage.Done"/> when a message is handled, in any order: without it
    /// nothing is committed, and reading pauses once <see cref="DashStreamConsumerOptions.MaxInFlight"/> messages are out. Ends when the token fires or the
    /// consumer is stopped. Once the enumeration is left, a stop no longer waits for messages that are not done.
    /// </summary>
    /// <exception cref="StreamException">The provider failed for good, or a record cannot be decoded.</exception>
    public async IAsyncEnumerable<ReceivedMessage> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Bounded by the in-flight budget: the loop reads only while there is room in it.
        var arrived = Channel.CreateUnbounded<ReceivedMessage>(new UnboundedChannelOptions { SingleReader = true });
        void Arrive(IReadOnlyList<ReceivedMessage> messages)
        {
            foreach (var message in messages)
            {
                if (!arrived.Writer.TryWrite(message))
                {
                    message.Finish(handled: false);
                }
            }
        }

        _sequences.PutBack = Arrive;
        Begin(() => arrived.Writer.TryComplete());
        _work = ReadAsync(Arrive);
        using var left = new StopOnExit(EndPulling);
        await using (cancellationToken.UnsafeRegister(_ => RequestStop(), null).ConfigureAwait(false))
        {
            await foreach (var message in arrived.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                if (!cancellationToken.IsCancellationRequested && await TryPresentAsync(message).ConfigureAwait(false))
                {
                    _telemetry.Present(message);
                    yield return message;
                }
            }
        }

        if (_failure is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>
    /// Stops in a bounded time: reads no more, lets running handlers end, commits, leaves the group. What was queued or did not end in time is left and will be
    /// delivered again. Calling it again returns the same receipt.
    /// </summary>
    public async ValueTask<StopReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(deadline, TimeSpan.Zero);
        Task<StopReceipt> stop;
        lock (_state)
        {
            _started = true;
            stop = _stop ??= StopOnceAsync(StopDeadline.Start(deadline, _time));
        }

        return await stop.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Commits the watermarks now instead of at the next interval.</summary>
    public ValueTask CommitAsync(CancellationToken cancellationToken = default) => CommitCoreAsync(cancellationToken);

    /// <summary>For each assigned partition: where reading goes on, what is committed, what the log holds, the lag.</summary>
    public ValueTask<IReadOnlyList<PartitionProgress>> GetProgressAsync(CancellationToken cancellationToken = default) =>
        _consumer.GetProgressAsync(cancellationToken);

    /// <summary>Moves reading in one assigned partition. What was taken in from it and not started is dropped; running handlers end, but no longer count for
    /// the commit.</summary>
    /// <exception cref="StreamException"><see cref="StreamErrorKind.OutOfRange"/>: the log does not hold that position, and nothing moved.</exception>
    public async ValueTask SeekAsync(int partition, SeekTarget target, CancellationToken cancellationToken = default)
    {
        await using (await _gate.InterruptAsync(cancellationToken).ConfigureAwait(false))
        {
            await _consumer.SeekAsync(partition, target, cancellationToken).ConfigureAwait(false);
            if (_assignments.Find(partition) is { } old)
            {
                _assignments.Renew(partition).SoughtFrom(old);
                _pauses.Renewed(old);
            }
        }
    }

    /// <summary>Stops delivery from these partitions; membership stays. What was taken in already is still handled.</summary>
    public void Pause(IReadOnlyCollection<int> partitions) => _pauses.Pause(partitions);

    /// <summary>Undoes <see cref="Pause"/>.</summary>
    public void Resume(IReadOnlyCollection<int> partitions) => _pauses.Resume(partitions);

    /// <summary>
    /// Lets a thread go on that <see cref="GapPolicy.HaltThread"/> halted: what was kept of it is handled first, in order, and the gap is taken as explained.
    /// </summary>
    /// <param name="tenantId">Its tenant.</param>
    /// <param name="threadId">The thread.</param>
    /// <returns>False when it did not stand still.</returns>
    public bool ResumeThread(string tenantId, string threadId)
    {
        ArgumentNullException.ThrowIfNull(tenantId);
        ArgumentNullException.ThrowIfNull(threadId);
        return _sequences.Resume(tenantId, threadId);
    }

    /// <summary>Stops with <see cref="DashStreamConsumerOptions.StopTimeout"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync(_options.StopTimeout).ConfigureAwait(false);
        }
        finally
        {
            await _consumer.DisposeAsync().ConfigureAwait(false);
            if (_duplicates is not null)
            {
                await _duplicates.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
