using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DashStream.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DashStream;

/// <summary>
/// Reads agent messages from one topic of any provider, at least once. Use it in one of two ways, once: <see cref="RunAsync"/> with a handler (parallel across
/// keys, in order within a key) or <see cref="ReadAllAsync"/>. The committed position never passes a message that is not done.
/// </summary>
public sealed class DashStreamConsumer : IAsyncDisposable
{
    private readonly DashStreamConsumerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReadingGate _gate = new();
    private readonly InFlightBudget _budget;
    private readonly Assignments _assignments;
    private readonly CommitWorker _commits;
    private readonly CancellationTokenSource _stopReading = new();
    private readonly CancellationTokenSource _abandon = new();
    private readonly TaskCompletionSource<IStreamConsumer> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _state = new();
    private IStreamConsumer _consumer = null!;
    private DeliveryHandler _deliveries = null!;
    private PauseControl _pauses = null!;
    private Action? _drain;
    private Task _work = Task.CompletedTask;
    private Task<StopReceipt>? _stop;
    private Exception? _failure;
    private bool _started;
    private volatile bool _leftPulling;

    private DashStreamConsumer(string topic, string? group, DashStreamConsumerOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _budget = new InFlightBudget(options.MaxInFlight, options.MaxInFlightBytes);
        _assignments = new Assignments(CreatePartition, CommitCoreAsync, _gate, options.Stream.Listener) { Patience = options.RevokeTimeout };
        _commits = new CommitWorker(topic, group is not null, () => _assignments.Owned, logger);
    }

    /// <summary>The topic.</summary>
    public string Topic => _consumer.Topic;

    /// <summary>The group, or null when reading alone.</summary>
    public string? Group => _consumer.Group;

    /// <summary>The partitions that are ours now.</summary>
    public IReadOnlyList<int> Assignment => _consumer.Assignment;

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

        var consumer = new DashStreamConsumer(topic, group, options, time ?? TimeProvider.System, logger ?? NullLogger.Instance);
        var stream = options.Stream.Copy();
        stream.Group = group;
        stream.Listener = consumer._assignments;
        stream.Validate();
        consumer.Attach(await provider.OpenConsumerAsync(topic, stream, cancellationToken).ConfigureAwait(false));
        return consumer;
    }

    /// <summary>
    /// Reads and handles until <paramref name="cancellationToken"/> fires or <see cref="StopAsync"/> is called; then it stops in an orderly way (within
    /// <see cref="DashStreamConsumerOptions.StopTimeout"/>) and returns. A handler that returns has done its message; one that throws has not. The token given
    /// to the handler fires only when the stop runs out of time.
    /// </summary>
    /// <exception cref="StreamException">The provider failed for good.</exception>
    /// <exception cref="Exception">What a handler threw, unless <see cref="DashStreamConsumerOptions.OnFailure"/> decided otherwise.</exception>
    public async Task RunAsync(Func<ReceivedMessage, CancellationToken, ValueTask> handler, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var dispatcher = new KeyedDispatcher(_options.MaxConcurrency, message => DeliverAsync(message, handler));
        Begin(dispatcher.Drain);
        var work = Task.WhenAll(ReadAsync(dispatcher.Enqueue), dispatcher.Start());
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
        Begin(() => arrived.Writer.TryComplete());
        _work = ReadAsync(message => arrived.Writer.TryWrite(message));
        using var left = new StopOnExit(EndPulling);
        await using (cancellationToken.UnsafeRegister(_ => RequestStop(), null).ConfigureAwait(false))
        {
            await foreach (var message in arrived.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                if (!cancellationToken.IsCancellationRequested && await TryPresentAsync(message).ConfigureAwait(false))
                {
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
                _assignments.Renew(partition);
                _pauses.Renewed(old);
            }
        }
    }

    /// <summary>Stops delivery from these partitions; membership stays. What was taken in already is still handled.</summary>
    public void Pause(IReadOnlyCollection<int> partitions) => _pauses.Pause(partitions);

    /// <summary>Undoes <see cref="Pause"/>.</summary>
    public void Resume(IReadOnlyCollection<int> partitions) => _pauses.Resume(partitions);

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
        }
    }

    /// <summary>For a stop that is out of time: handlers are told to give up.</summary>
    internal void AbandonHandlers() => _abandon.Cancel();

    private void Attach(IStreamConsumer consumer)
    {
        _consumer = consumer;
        _pauses = new PauseControl(consumer, _assignments);
        _assignments.Forgotten = _pauses.Forget;
        _deliveries = new DeliveryHandler(consumer.Topic, new MessageCodec(_options.Codec), _options.OnFailure, _logger);
        _opened.SetResult(consumer);
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
    private async Task ReadAsync(Action<ReceivedMessage> sink)
    {
        var loop = new ReadLoop(_consumer, _assignments, _pauses, _gate, _budget, _options, _time, _logger);
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

    private async ValueTask<bool> DeliverAsync(ReceivedMessage message, Func<ReceivedMessage, CancellationToken, ValueTask> handler)
    {
        try
        {
            var (decoded, fatal) = await _deliveries.DecodeAsync(message, _abandon.Token).ConfigureAwait(false);
            fatal = decoded ? await _deliveries.HandleAsync(message, handler, _abandon.Token).ConfigureAwait(false) : fatal;
            if (fatal is not null)
            {
                Fail(fatal);
            }

            return fatal is null;
        }
        catch (Exception e)
        {
            // Not the handler's, whose failures are decided above: a logger's, say. It must not end a worker unseen.
            message.Finish(handled: false);
            Fail(e);
            return false;
        }
        finally
        {
            message.Partition.Release();
        }
    }

    private async ValueTask<bool> TryPresentAsync(ReceivedMessage message)
    {
        if (_failure is not null || !message.Partition.TryStart())
        {
            message.Finish(handled: false);
            return false;
        }

        message.ReleaseWhenFinished();
        var (decoded, fatal) = await _deliveries.DecodeAsync(message, _abandon.Token).ConfigureAwait(false);
        if (fatal is not null)
        {
            Fail(fatal);
        }

        return decoded;
    }

    private void Fail(Exception error)
    {
        Interlocked.CompareExchange(ref _failure, error, null);
        RequestStop();
    }

    private void RequestStop()
    {
        _stopReading.Cancel();
        _drain?.Invoke();
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
        await _work.WaitAsync(deadline.Left, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var complete = _work.IsCompleted;
        if (!complete)
        {
            await _abandon.CancelAsync().ConfigureAwait(false);
        }

        var left = _leftPulling ? TimeSpan.Zero : deadline.Left;
        _assignments.Patience = left < _options.RevokeTimeout ? left : _options.RevokeTimeout;
        try
        {
            await CommitCoreAsync(CancellationToken.None).AsTask().WaitAsync(Floor(deadline.Left), _time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StreamException or TimeoutException)
        {
            Log.CommitRetried(_logger, Topic, e);
        }

        // The provider counts what was delivered and not committed, which includes what is still with us; reading alone, only we know.
        var receipt = await _consumer.StopAsync(Floor(deadline.Left)).ConfigureAwait(false);
        var undone = _budget.Records;
        if (undone > 0)
        {
            Log.StoppedWithWorkLeft(_logger, Topic, undone);
        }

        return new StopReceipt(complete && receipt.Complete, _budget.Finished, Math.Max(undone, receipt.Left), receipt.Committed);
    }

    // Even a stop whose time is over gets a moment to commit and to leave: it saves the others a session time-out.
    private static TimeSpan Floor(TimeSpan remaining) => remaining > TimeSpan.FromMilliseconds(500) ? remaining : TimeSpan.FromMilliseconds(500);

    private async ValueTask CommitCoreAsync(CancellationToken cancellationToken) =>
        await _commits.CommitAsync(await _opened.Task.WaitAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private AssignedPartition CreatePartition(int partition) =>
        new(partition, _budget, _options.MaxInFlightPerPartition, held => _pauses.Release(held));

    // Leaving the enumeration early ends reading: nobody else would take what it brings.
    private readonly struct StopOnExit(Action stop) : IDisposable
    {
        public void Dispose() => stop();
    }
}
