using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>
/// Gathers messages of many keys into batches, in order within a key; a key is in one batch at a time. A batch that fails for the last time is taken apart: each
/// of its messages is handled alone, so that only the one at fault suffers.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no handle to free, and late callers must find it in order.")]
internal sealed class BatchDispatcher
{
    private readonly string _topic;
    private readonly DashStreamConsumerOptions _options;
    private readonly DeliveryHandler _deliveries;
    private readonly Func<IReadOnlyList<ReceivedMessage>, CancellationToken, ValueTask> _handler;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<KeyQueue> _ready = Channel.CreateUnbounded<KeyQueue>();
    private readonly SemaphoreSlim _slots;
    private readonly WorkCount _running = new();

    public BatchDispatcher(string topic, DashStreamConsumerOptions options, DeliveryHandler deliveries,
        Func<IReadOnlyList<ReceivedMessage>, CancellationToken, ValueTask> handler, TimeProvider time, ILogger logger)
    {
        _topic = topic;
        _options = options;
        _deliveries = deliveries;
        _handler = handler;
        _time = time;
        _logger = logger;
        _slots = new SemaphoreSlim(options.Batch.MaxConcurrency, options.Batch.MaxConcurrency);
        Keys = new KeyTable(_ready.Writer.TryWrite, () => _ready.Writer.TryComplete());
    }

    public KeyTable Keys { get; }

    private int MaxMessages => _options.Batch.MaxMessages;

    /// <summary>Ends after the keys are drained, when no batch is with a handler and no key stands still.</summary>
    public async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (await _ready.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            await _slots.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            _running.Enter();
            _ = HandleAsync(await GatherAsync().ConfigureAwait(false));
        }

        await _running.WhenIdle().ConfigureAwait(false);
        await Keys.WhenNoneRests().ConfigureAwait(false);
    }

    private async Task<MessageBatch> GatherAsync()
    {
        var batch = new MessageBatch();
        var started = _time.GetTimestamp();
        while (true)
        {
            var added = Keys.WhenAdded();
            foreach (var key in batch.Keys)
            {
                await TakeAsync(batch, key).ConfigureAwait(false);
            }

            while (batch.Messages.Count < MaxMessages && _ready.Reader.TryRead(out var queue))
            {
                var key = new BatchKey(queue);
                batch.Keys.Add(key);
                await TakeAsync(batch, key).ConfigureAwait(false);
            }

            var left = _options.Batch.MaxWait - _time.GetElapsedTime(started);
            if (batch.Messages.Count == 0 || batch.Messages.Count >= MaxMessages || left <= TimeSpan.Zero || Keys.IsDraining)
            {
                return batch;
            }

            await added.WaitAsync(left, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask TakeAsync(MessageBatch batch, BatchKey key)
    {
        while (!key.IsClosed && batch.Messages.Count < MaxMessages && Keys.TryTakeMore(key.Queue, out var message))
        {
            if (message.IsAlone)
            {
                Keys.Return(key.Queue, message);
                key.NextIsAlone = true;
            }
            else if (Keys.IsDraining || !message.Partition.TryStart())
            {
                message.Finish(handled: false);
            }
            else if (await _deliveries.TakeInAsync(message).ConfigureAwait(false) is not { } turn)
            {
                Add(batch, key, message);
            }
            else if (turn.Ends || turn.Until is not null)
            {
                key.Later = (message, turn);
            }
        }
    }

    private void Add(MessageBatch batch, BatchKey key, ReceivedMessage message)
    {
        if (_deliveries.DropsCopies(message, out var id) && !batch.Ids.Add(id))
        {
            message.Partition.Release();
            Keys.Return(key.Queue, message);
            key.NextIsCopy = true;
            return;
        }

        batch.Messages.Add(message);
        key.Taken++;
    }

    // Never throws.
    private async Task HandleAsync(MessageBatch batch)
    {
        try
        {
            for (var attempt = 1; batch.Messages.Count > 0; attempt++)
            {
                if (await TryHandleAsync(batch, attempt).ConfigureAwait(false))
                {
                    break;
                }
            }

            foreach (var key in batch.Keys)
            {
                GiveBack(key);
            }
        }
        catch (Exception e)
        {
            // Not the handler's: a logger's, say. It must not end unseen.
            _deliveries.Fail(e);
        }
        finally
        {
            _slots.Release();
            _running.Leave();
        }
    }

    // False when it is to be tried again.
    private async Task<bool> TryHandleAsync(MessageBatch batch, int attempt)
    {
        try
        {
            await _handler(batch.Messages, _deliveries.Abandon).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return await FailedAsync(batch, attempt, e).ConfigureAwait(false);
        }

        var kept = new List<Task>();
        foreach (var message in batch.Messages)
        {
            if (_deliveries.Succeeded(message).Until is { } until)
            {
                kept.Add(until);
            }
        }

        await Task.WhenAll(kept).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> FailedAsync(MessageBatch batch, int attempt, Exception error)
    {
        if (_deliveries.Abandon.IsCancellationRequested)
        {
            batch.Messages.ForEach(DeliveryHandler.LetGo);
            return true;
        }

        Log.BatchFailed(_logger, _topic, batch.Messages.Count, attempt, error);
        if (batch.Messages.Count == 1 || attempt >= _options.Retry.MaxAttempts)
        {
            await TakeApartAsync(batch, error).ConfigureAwait(false);
            return true;
        }

        // Whoever waits is in nobody's way: neither a slot nor a revoke is held up.
        batch.Messages.ForEach(message => message.Partition.Release());
        _slots.Release();
        await _deliveries.PauseAsync(batch.Messages[0]).ConfigureAwait(false);
        await _slots.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        batch.Messages.RemoveAll(message => !TryRestart(message));
        return false;
    }

    private bool TryRestart(ReceivedMessage message)
    {
        if (Keys.IsDraining || !message.Partition.TryStart())
        {
            message.Finish(handled: false);
            return false;
        }

        message.Attempt++;
        _deliveries.Refresh(message);
        return true;
    }

    private async Task TakeApartAsync(MessageBatch batch, Exception error)
    {
        foreach (var message in batch.Messages)
        {
            message.IsAlone = true;
        }

        if (batch.Messages is [var single])
        {
            var turn = await _deliveries.FailedAsync(single, DeadLetterStage.Handler, error).ConfigureAwait(false);
            var key = batch.Keys.First(key => key.Has(single));
            if (key.Later is null && (turn.Ends || turn.Until is not null))
            {
                key.Later = (single, turn);
            }
            else if (turn.IsAgain)
            {
                Keys.Return(key.Queue, single);
            }

            return;
        }

        foreach (var message in batch.Messages)
        {
            message.Attempt++;
            message.Partition.Release();
        }

        Keys.PutBack(batch.Messages);
    }

    private void GiveBack(BatchKey key)
    {
        if (key.Later is var (message, turn))
        {
            if (Keys.GoOn(key.Queue, message, turn))
            {
                Keys.GiveBack(key.Queue);
            }
        }
        else if (Keys.NextIsAlone(key.Queue))
        {
            _running.Enter();
            _ = AloneAsync(key.Queue);
        }
        else
        {
            Keys.GiveBack(key.Queue);
        }
    }

    private async Task AloneAsync(KeyQueue queue)
    {
        await _slots.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (!Keys.TryTakeMore(queue, out var message))
            {
                Keys.GiveBack(queue);
            }
            else if (Keys.IsDraining || !message.Partition.TryStart())
            {
                message.Finish(handled: false);
                Keys.GiveBack(queue);
            }
            else if (Keys.GoOn(queue, message, await _deliveries.TurnAsync(message, (one, token) => _handler([one], token)).ConfigureAwait(false)))
            {
                Keys.GiveBack(queue);
            }
        }
        finally
        {
            _slots.Release();
            _running.Leave();
        }
    }
}
