using System.Diagnostics;
using System.Runtime.CompilerServices;
using DashStream.Client;
using DashStream.Protocol;
using DashStream.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

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
    private readonly MessageSender _sender;
    private readonly PostedSends _posted;
    private readonly SendTelemetry _telemetry;
    private readonly Lock _stopGate = new();
    private Task<FlushReceipt>? _stop;
    private volatile bool _stopped;

    private DashStreamProducer(IStreamProducer producer, string system, DashStreamProducerOptions options, TimeProvider time, ILogger logger)
    {
        _producer = producer;
        _telemetry = new SendTelemetry(system, producer.Topic, time);
        _options = options;
        _time = time;
        _sender = new MessageSender(producer, system, options, time, logger);
        _posted = new PostedSends(options);
    }

    /// <summary>The topic.</summary>
    public string Topic => _producer.Topic;

    /// <summary>Opens a producer under a new identity. The provider is not owned.</summary>
    /// <param name="provider">Where to send.</param>
    /// <param name="topic">A topic name, see <see cref="StreamNames"/>.</param>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <param name="logger">Told of what callers are not; null means nobody.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="StreamException">An option or the name is invalid, or the provider could not open.</exception>
    public static async ValueTask<DashStreamProducer> OpenAsync(IStreamProvider provider, string topic, DashStreamProducerOptions? options = null,
        TimeProvider? time = null, ILogger? logger = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(provider);
        StreamNames.ThrowIfInvalidTopic(topic);
        options ??= new DashStreamProducerOptions();
        OptionFaults.ThrowIfAny(nameof(DashStreamProducerOptions), options.Faults());
        var producer = await provider.OpenProducerAsync(topic, cancellationToken).ConfigureAwait(false);
        return new DashStreamProducer(producer, provider.Name, options, time ?? TimeProvider.System, logger ?? NullLogger.Instance);
    }

    /// <summary>
    /// Sends one message; completes when the provider's declared durability holds. Awaiting each send before the next is not needed for order. Await the result
    /// once only.
    /// </summary>
    /// <param name="message">The message; not changed. It may be changed again as soon as the call has returned its task, unless sends are waiting for room.</param>
    /// <param name="cancellationToken">Stops the waiting; a message already handed over may still be stored, and its number is spent.</param>
    /// <exception cref="StreamException">The message was refused (it then spends no number) or is not known to be stored.</exception>
    public ValueTask<SendReceipt> SendAsync(DashStreamMessage message, CancellationToken cancellationToken = default) =>
        StartAsync(new SendItem(message, null), batch: null, cancellationToken);

    /// <summary>
    /// Sends many; results are aligned with the messages. One bad message does not fail the others. Messages that find no room wait inside the call, in
    /// order. An empty list is a no-op.
    /// </summary>
    public async ValueTask<IReadOnlyList<MessageSendResult>> SendBatchAsync(
        IReadOnlyList<DashStreamMessage> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (messages.Count == 0 || !SendTelemetry.IsOn)
        {
            return await SendAllAsync(messages, batch: null, cancellationToken).ConfigureAwait(false);
        }

        var batch = _telemetry.StartBatch(messages.Count);
        try
        {
            return await SendAllAsync(messages, batch, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _telemetry.End(batch);
        }
    }

    /// <summary>
    /// Sends a message whose outcome nobody waits for, in the order of the calls of this and <see cref="SendAsync"/>. Never throws for what the stream does, and
    /// never waits, unless <see cref="DashStreamProducerOptions.PostPolicy"/> says so: what is not known to be stored, what is beyond
    /// <see cref="DashStreamProducerOptions.MaxPosted"/> included, is counted by reason in <c>dashstream_posts_dropped_total</c> and in the receipt of the next
    /// flush or the stop. A copy is taken, so the message may be changed at once.
    /// </summary>
    /// <param name="message">The message; not changed.</param>
    /// <returns>False when it is already known to be dropped.</returns>
    public bool Post(DashStreamMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var copy = message.Clone();
        return _posted.TryStart(ticket => StartAsync(new SendItem(copy, null, Ticket: ticket), batch: null, ticket?.Token ?? CancellationToken.None));
    }

    /// <summary>Returns when every earlier send is decided; later ones are not waited for.</summary>
    public async ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfStopped();
        var posted = _posted.WhenEnded();
        var receipt = await _sender.FlushAsync(cancellationToken).ConfigureAwait(false);
        await posted.WaitAsync(cancellationToken).ConfigureAwait(false);
        return receipt with { Dropped = _posted.TakeDropped() };
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
    public ValueTask DisposeAsync() => DisposeAsync(_options.StopTimeout);

    internal async ValueTask DisposeAsync(TimeSpan deadline)
    {
        try
        {
            await StopAsync(deadline).ConfigureAwait(false);
        }
        finally
        {
            await _producer.DisposeAsync().ConfigureAwait(false);
            _sender.Dispose();
        }
    }

    private ValueTask<SendReceipt> StartAsync(SendItem item, BatchSpan? batch, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowIfStopped();
            if (!SendTelemetry.IsOn)
            {
                return _sender.SendAsync(item with { Trace = Activity.Current }, cancellationToken);
            }

            return batch is null
                ? _telemetry.SendAsync(_sender, item, cancellationToken)
                : _telemetry.SendAsync(_sender, item, batch, cancellationToken);
        }
        catch (Exception e) when (e is StreamException or OperationCanceledException or ArgumentException)
        {
            return ValueTask.FromException<SendReceipt>(e);
        }
    }

    private async ValueTask<IReadOnlyList<MessageSendResult>> SendAllAsync(
        IReadOnlyList<DashStreamMessage> messages, BatchSpan? batch, CancellationToken cancellationToken)
    {
        var outcomes = new ValueTask<MessageSendResult>[messages.Count];
        var results = new MessageSendResult[messages.Count];
        var decided = 0;
        for (var i = 0; i < outcomes.Length; i++)
        {
            // What finds no room waits inside the call, in order, and not as one of the sends that MaxWaitingSends bounds.
            while (decided < i && _sender.Waiting > 0)
            {
                results[decided] = await outcomes[decided].ConfigureAwait(false);
                decided++;
            }

#pragma warning disable CA2012 // Each outcome waits for its turn in the array and is awaited exactly once.
            outcomes[i] = OutcomeAsync(StartAsync(new SendItem(messages[i], null), batch, cancellationToken));
#pragma warning restore CA2012
        }

        for (; decided < outcomes.Length; decided++)
        {
            results[decided] = await outcomes[decided].ConfigureAwait(false);
        }

        return results;
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

    private async Task<FlushReceipt> StopOnceAsync(StopDeadline deadline)
    {
        var receipt = await _sender.StopAsync(deadline).ConfigureAwait(false);
        await _posted.WhenEnded().WaitAsync(deadline.Left, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return receipt with { Dropped = _posted.TakeDropped() };
    }

    private void ThrowIfStopped()
    {
        if (_stopped)
        {
            throw _sender.Closed();
        }
    }
}
