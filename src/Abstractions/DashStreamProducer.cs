using System.Runtime.CompilerServices;
using DashStream.Client;
using DashStream.Protocol;

namespace DashStream;

/// <summary>
/// Sends agent messages to one topic of any provider. Thread-safe. Messages of one thread are stored in the order of the calls, awaited or not; each gets the
/// next number of its thread. What the caller set in the header stays; the rest is filled in on a copy.
/// </summary>
public sealed class DashStreamProducer : IAsyncDisposable
{
    private readonly IStreamProducer _producer;
    private readonly DashStreamProducerOptions _options;
    private readonly TimeProvider _time;
    private readonly SendPipeline _pipeline;
    private readonly SendQueue _queue;
    private readonly Lock _stopGate = new();
    private Task<FlushReceipt>? _stop;
    private volatile bool _stopped;

    private DashStreamProducer(IStreamProducer producer, DashStreamProducerOptions options, TimeProvider time)
    {
        _producer = producer;
        _options = options;
        _time = time;
        _pipeline = new SendPipeline(producer, options, time);
        _queue = new SendQueue(options.MaxInFlightBytes, options.MaxWaitingSends, time);
    }

    /// <summary>The topic.</summary>
    public string Topic => _producer.Topic;

    /// <summary>Opens a producer under a new identity. The provider is not owned.</summary>
    /// <param name="provider">Where to send.</param>
    /// <param name="topic">A topic name, see <see cref="StreamNames"/>.</param>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="StreamException">An option or the name is invalid, or the provider could not open.</exception>
    public static async ValueTask<DashStreamProducer> OpenAsync(IStreamProvider provider, string topic, DashStreamProducerOptions? options = null,
        TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(provider);
        StreamNames.ThrowIfInvalidTopic(topic);
        options ??= new DashStreamProducerOptions();
        OptionFaults.ThrowIfAny(nameof(DashStreamProducerOptions), options.Faults());
        var producer = await provider.OpenProducerAsync(topic, cancellationToken).ConfigureAwait(false);
        return new DashStreamProducer(producer, options, time ?? TimeProvider.System);
    }

    /// <summary>
    /// Sends one message; completes when the provider's declared durability holds. Awaiting each send before the next is not needed for order. Await the result
    /// once only.
    /// </summary>
    /// <param name="message">The message; not changed. It may be changed again as soon as the call has returned its task, unless sends are waiting for room.</param>
    /// <param name="cancellationToken">Stops the waiting; a message already handed over may still be stored, and its number is spent.</param>
    /// <exception cref="StreamException">The message was refused (it then spends no number) or is not known to be stored.</exception>
    public ValueTask<SendReceipt> SendAsync(DashStreamMessage message, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowIfStopped();
            if (_queue.IsOpen)
            {
                var handedOver = _pipeline.HandOver(message);
                if (!handedOver.IsThrottled)
                {
                    _queue.Add(handedOver.Bytes);
                    return CompleteAsync(handedOver, cancellationToken);
                }
            }

            MessageValidator.Check(message);
            return SendInTurnAsync(Enqueue(message), cancellationToken);
        }
        catch (Exception e) when (e is StreamException or OperationCanceledException or ArgumentException)
        {
            return ValueTask.FromException<SendReceipt>(e);
        }
    }

    /// <summary>
    /// Sends many; results are aligned with the messages. One bad message does not fail the others. Messages that find no room wait inside the call, in
    /// order. An empty list is a no-op.
    /// </summary>
    public async ValueTask<IReadOnlyList<MessageSendResult>> SendBatchAsync(
        IReadOnlyList<DashStreamMessage> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var outcomes = new ValueTask<MessageSendResult>[messages.Count];
        var results = new MessageSendResult[messages.Count];
        var decided = 0;
        for (var i = 0; i < outcomes.Length; i++)
        {
            // What finds no room waits inside the call, in order, and not as one of the sends that MaxWaitingSends bounds.
            while (decided < i && _queue.Waiting > 0)
            {
                results[decided] = await outcomes[decided].ConfigureAwait(false);
                decided++;
            }

#pragma warning disable CA2012 // Each outcome waits for its turn in the array and is awaited exactly once.
            outcomes[i] = OutcomeAsync(SendAsync(messages[i], cancellationToken));
#pragma warning restore CA2012
        }

        for (; decided < outcomes.Length; decided++)
        {
            results[decided] = await outcomes[decided].ConfigureAwait(false);
        }

        return results;
    }

    /// <summary>Returns when every earlier send is decided; later ones are not waited for.</summary>
    public async ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfStopped();
        await _queue.WhenPassed().WaitAsync(cancellationToken).ConfigureAwait(false);
        return await _producer.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes no more sends, stores what it can until the deadline (sends that wait for room included), fails the rest with
    /// <see cref="StreamErrorKind.Closed"/> and says how many were left. Calling it again returns the same receipt.
    /// </summary>
    public async ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(deadline, TimeSpan.Zero);
        Task<FlushReceipt> stop;
        lock (_stopGate)
        {
            _stopped = true;
            stop = _stop ??= StopOnceAsync(StopDeadline.Start(deadline, _time));
        }

        return await stop.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops with <see cref="DashStreamProducerOptions.StopTimeout"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync(_options.StopTimeout).ConfigureAwait(false);
        }
        finally
        {
            await _producer.DisposeAsync().ConfigureAwait(false);
            _queue.Dispose();
        }
    }

    private async Task<FlushReceipt> StopOnceAsync(StopDeadline deadline)
    {
        await _queue.WhenPassed().WaitAsync(deadline.Left, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var left = _queue.Close(Closed);
        var receipt = await _producer.StopAsync(deadline.Left).ConfigureAwait(false);
        return receipt with { Pending = receipt.Pending + left };
    }

    private ValueTask<SendReceipt> CompleteAsync(HandOver handedOver, CancellationToken cancellationToken)
    {
        var decided = DecideAsync(handedOver);
        return cancellationToken.CanBeCanceled && !decided.IsCompleted
            ? new ValueTask<SendReceipt>(decided.AsTask().WaitAsync(cancellationToken))
            : decided;
    }

    // Runs to the end whether or not the caller still waits: the bytes are on their way until the provider has decided.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<SendReceipt> DecideAsync(HandOver handedOver)
    {
        try
        {
            return new SendReceipt(await handedOver.Stored.ConfigureAwait(false), handedOver.Sequence);
        }
        finally
        {
            _queue.Remove(handedOver.Bytes);
        }
    }

    private WaitingSend Enqueue(DashStreamMessage message)
    {
        var waiting = new WaitingSend(message, HandOverQueued);
        if (_queue.TryEnqueue(waiting))
        {
            return waiting;
        }

        ThrowIfStopped();
        throw new StreamException(StreamErrorKind.Throttled,
                $"{_options.MaxWaitingSends} sends to topic '{Topic}' are waiting for room already ({nameof(DashStreamProducerOptions.MaxWaitingSends)}). Await earlier sends first.");
    }

    private HandOver HandOverQueued(DashStreamMessage message)
    {
        var handedOver = _pipeline.HandOver(message);
        if (!handedOver.IsThrottled)
        {
            _queue.Add(handedOver.Bytes);
        }

        return handedOver;
    }

    private async ValueTask<SendReceipt> SendInTurnAsync(WaitingSend waiting, CancellationToken cancellationToken)
    {
        using (waiting)
        using (var deadline = new CancellationTokenSource(_options.MaxWait, _time))
        using (cancellationToken.UnsafeRegister(_ => waiting.Fail(new OperationCanceledException(cancellationToken)), null))
        {
            waiting.GiveUpOn(() => new StreamException(StreamErrorKind.Throttled,
                $"No room for another send to topic '{Topic}' within {_options.MaxWait}; nothing of it was stored. The provider is slower than its senders."), deadline.Token);
            var handedOver = await waiting.HandedOver.ConfigureAwait(false);
            return await CompleteAsync(handedOver, cancellationToken).ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<MessageSendResult> OutcomeAsync(ValueTask<SendReceipt> send)
    {
        try
        {
            return new MessageSendResult(await send.ConfigureAwait(false));
        }
        catch (Exception e) when (e is StreamException or OperationCanceledException or ArgumentException)
        {
            return new MessageSendResult(e);
        }
    }

    private void ThrowIfStopped()
    {
        if (_stopped)
        {
            throw Closed();
        }
    }

    private StreamException Closed() => new(StreamErrorKind.Closed, $"The producer of topic '{Topic}' was stopped; open a new one to send again.");
}
