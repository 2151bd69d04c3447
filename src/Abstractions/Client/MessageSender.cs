using System.Runtime.CompilerServices;
using DashStream.Telemetry;
using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>
/// Takes one message through the steps of a send: permits, room, hand-over, outcome. Whatever has to wait does so in the order of the calls. Thread-safe.
/// </summary>
internal sealed class MessageSender : IDisposable
{
    private readonly IStreamProducer _producer;
    private readonly DashStreamProducerOptions _options;
    private readonly TimeProvider _time;
    private readonly SendPipeline _pipeline;
    private readonly SendQueue _queue;
    private readonly RateGate? _gate;
    private readonly MessageRedactor? _redactor;
    private readonly TenantTurns _turns;
    private readonly FailedSends? _failed;
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationToken _closed;

    public MessageSender(IStreamProducer producer, string provider, DashStreamProducerOptions options, TimeProvider time, ILogger logger)
    {
        _producer = producer;
        _options = options;
        _time = time;
        _failed = options.DeadLetters is { } sink ? new FailedSends(sink, provider, producer.Topic, options, logger) : null;
        _queue = new SendQueue(options.MaxInFlightBytes, options.MaxWaitingSends, time);
        _pipeline = new SendPipeline(producer, options, time, _failed, _queue);
        _gate = options.RateLimiter is { } limiter ? new RateGate(limiter, options.OnRateLimiterFailure, time) : null;
        _redactor = options.Redaction is { } redaction ? new MessageRedactor(redaction, time) : null;
        _closed = _closing.Token;
        _turns = new TenantTurns(options.MaxWaitingSends);
    }

    /// <summary>How many sends wait for permits or room.</summary>
    public int Waiting => _queue.Waiting + _turns.Waiting;

    /// <summary>Starts a send. What is wrong with it at once may be thrown.</summary>
    public ValueTask<SendReceipt> SendAsync(SendItem item, CancellationToken cancellationToken)
    {
        var message = item.Message;
        if (_gate is null)
        {
            return StartAsync(item, _options.SendTimeout == Timeout.InfiniteTimeSpan ? default : SendDeadline.Start(_options, _time), cancellationToken);
        }

        var tenantId = _pipeline.TenantOf(MessageValidator.Check(message));
        var deadline = SendDeadline.Start(_options, _time);
        var inLine = _turns.IsWaitedFor(tenantId);
        var permit = _gate.AskAsync(tenantId, RateGate.CostOf(message), _turns.IsFull ? TimeSpan.Zero : deadline.WaitLeft, cancellationToken);
        if (inLine || !permit.IsCompletedSuccessfully)
        {
            return StartInTurnAsync(_turns.TryJoin(tenantId) ?? throw TooManyWait(), permit, item, deadline, cancellationToken);
        }

        return permit.Result ? StartAsync(item, deadline, cancellationToken) : throw NoPermits(tenantId);
    }

    /// <summary>Completes when nobody waits any more who waits now, and every failure among those is kept.</summary>
    public async Task<FlushReceipt> FlushAsync(CancellationToken cancellationToken)
    {
        await _turns.WhenPassed().WaitAsync(cancellationToken).ConfigureAwait(false);
        await _queue.WhenPassed().WaitAsync(cancellationToken).ConfigureAwait(false);
        var kept = _failed?.WhenEnded() ?? Task.CompletedTask;
        var receipt = await _producer.FlushAsync(cancellationToken).ConfigureAwait(false);
        await kept.WaitAsync(cancellationToken).ConfigureAwait(false);
        return receipt;
    }

    /// <summary>Lets those who wait go on until the deadline, fails the rest, and stops the provider's producer.</summary>
    public async Task<FlushReceipt> StopAsync(StopDeadline deadline)
    {
        await _turns.WhenPassed().WaitAsync(deadline.Left, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _queue.WhenPassed().WaitAsync(deadline.Left, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        long left = _turns.Waiting;
        await _closing.CancelAsync().ConfigureAwait(false);
        left += _queue.Close(Closed);
        var receipt = await _producer.StopAsync(deadline.Left).ConfigureAwait(false);
        if (_failed is not null)
        {
            await _failed.WhenEnded().WaitAsync(deadline.Left, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            left += _failed.Count;
        }

        return receipt with { Pending = receipt.Pending + left };
    }

    /// <summary>What a send gets that came too late.</summary>
    public StreamException Closed() => new(StreamErrorKind.Closed, $"The producer of topic '{_producer.Topic}' was stopped; open a new one to send again.");

    public void Dispose()
    {
        _queue.Dispose();
        _closing.Dispose();
    }

    private ValueTask<SendReceipt> StartAsync(SendItem item, SendDeadline deadline, CancellationToken cancellationToken)
    {
        if (_redactor is not null)
        {
            item = Redact(_redactor, item);
        }

        if (_queue.IsOpen)
        {
            var handedOver = HandOver(item);
            if (!handedOver.IsThrottled)
            {
                return CompleteAsync(handedOver, deadline, cancellationToken);
            }
        }

        MessageValidator.Check(item.Message);
        var waiting = new WaitingSend(item, HandOver);
        if (_queue.TryEnqueue(waiting))
        {
            return StartWithRoomAsync(waiting, deadline.IsStarted ? deadline : SendDeadline.Start(_options, _time), cancellationToken);
        }

        throw _closed.IsCancellationRequested ? Closed() : TooManyWait();
    }

    private static SendItem Redact(MessageRedactor redactor, SendItem item)
    {
        MessageValidator.Check(item.Message);
        var redacted = redactor.Redact(item.Message);
        return item with { Message = redacted, IsRedacted = !ReferenceEquals(redacted, item.Message) };
    }

    private async ValueTask<SendReceipt> StartInTurnAsync(
        TenantTurns.Turn turn, ValueTask<bool> permit, SendItem item, SendDeadline deadline, CancellationToken cancellationToken)
    {
        ValueTask<SendReceipt> sent;
        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed);
            if (!await permit.AsTask().OrLeaveAsync(deadline.CoversDelivery ? deadline.Left : Timeout.InfiniteTimeSpan, _time, ended.Token).ConfigureAwait(false))
            {
                throw NoPermits(turn.TenantId);
            }

            await turn.Reached.WaitAsync(deadline.WaitLeft, _time, ended.Token).ConfigureAwait(false);
            sent = StartAsync(item, deadline, cancellationToken);
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Closed();
        }
        catch (TimeoutException)
        {
            throw NoPermits(turn.TenantId);
        }
        finally
        {
            turn.Leave();
        }

        return await sent.ConfigureAwait(false);
    }

    private HandOver HandOver(SendItem item)
    {
        var handedOver = item.Ticket is { } ticket ? HandOver(item, ticket) : _pipeline.HandOver(item);
        if (!handedOver.IsThrottled)
        {
            _queue.Add(handedOver.Bytes);
        }

        return handedOver;
    }

    // From here on nobody may drop it, unless it comes back.
    private HandOver HandOver(SendItem item, PostTicket ticket)
    {
        if (!ticket.TryTake())
        {
            throw new OperationCanceledException(ticket.Token);
        }

        var isHandedOver = false;
        try
        {
            var handedOver = _pipeline.HandOver(item);
            isHandedOver = !handedOver.IsThrottled;
            return handedOver;
        }
        finally
        {
            ticket.Leave(isHandedOver);
        }
    }

    private async ValueTask<SendReceipt> StartWithRoomAsync(WaitingSend waiting, SendDeadline deadline, CancellationToken cancellationToken)
    {
        using (waiting)
        using (var end = new CancellationTokenSource(deadline.WaitLeft, _time))
        using (cancellationToken.UnsafeRegister(_ => waiting.Fail(new OperationCanceledException(cancellationToken)), null))
        {
            waiting.GiveUpOn(() => new StreamException(StreamErrorKind.Throttled,
                $"No room for another send to topic '{_producer.Topic}' within {deadline.LongestWait}; nothing of it was stored. The provider is slower than its senders."), end.Token);
            var handedOver = await waiting.HandedOver.ConfigureAwait(false);
            return await CompleteAsync(handedOver, deadline, cancellationToken).ConfigureAwait(false);
        }
    }

    private ValueTask<SendReceipt> CompleteAsync(HandOver handedOver, SendDeadline deadline, CancellationToken cancellationToken)
    {
        if (handedOver.Sent is { } sent && !deadline.CoversDelivery)
        {
            sent.ListenTo(cancellationToken);
            return sent.Task;
        }

        var decided = handedOver.Sent?.Task ?? DecideAsync(handedOver);
        if (decided.IsCompleted)
        {
            return decided;
        }

        if (deadline.CoversDelivery)
        {
            return CompleteInTimeAsync(decided.AsTask(), deadline, cancellationToken);
        }

        return cancellationToken.CanBeCanceled ? new ValueTask<SendReceipt>(decided.OrLeaveAsync(cancellationToken)) : decided;
    }

    private async ValueTask<SendReceipt> CompleteInTimeAsync(Task<SendReceipt> decided, SendDeadline deadline, CancellationToken cancellationToken)
    {
        try
        {
            return await decided.OrLeaveAsync(deadline.Left, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!decided.IsFaulted)
        {
            throw new StreamException(StreamErrorKind.Timeout,
                $"The send to topic '{_producer.Topic}' was not decided within {_options.SendTimeout} ({nameof(DashStreamProducerOptions.SendTimeout)}); it may have been or yet be stored.");
        }
    }

    // Runs to the end whether or not the caller still waits: the bytes are on their way until the provider has decided.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<SendReceipt> DecideAsync(HandOver handedOver)
    {
        var counter = PipelineMeter.SendFailures;
        try
        {
            var receipt = new SendReceipt(await handedOver.Stored.ConfigureAwait(false), handedOver.Sequence);
            counter = PipelineMeter.Sent;
            return receipt;
        }
        catch (Exception e) when (e is not StreamException)
        {
            throw SendPipeline.Unexpected(e);
        }
        finally
        {
            counter.Add(1);
            _queue.Remove(handedOver.Bytes);
        }
    }

    private StreamException NoPermits(string tenantId) => new(StreamErrorKind.Throttled,
        $"The rate limit of tenant '{tenantId}' leaves no permits for this message within {SendDeadline.LongestWaitOf(_options)}; nothing of it was stored and no number was spent.");

    private StreamException TooManyWait() => new(StreamErrorKind.Throttled,
        $"{_options.MaxWaitingSends} sends to topic '{_producer.Topic}' are waiting already ({nameof(DashStreamProducerOptions.MaxWaitingSends)}). Await earlier sends first.");
}
