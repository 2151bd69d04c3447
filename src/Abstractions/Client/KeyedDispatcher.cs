namespace DashStream.Client;

/// <summary>
/// Runs handlers in parallel across keys and in order within a key. A bounded number of workers take keys that have something to do; a key is with one worker
/// at a time, and one that waits for a retry is with none. Bounded by the in-flight budget of whoever enqueues.
/// </summary>
internal sealed class KeyedDispatcher
{
    // How many records of one key a worker handles before others get their turn.
    private const int Burst = 32;

    private readonly Func<ReceivedMessage, ValueTask<Turn>> _turn;
    private readonly WorkerPool<KeyQueue> _ready;
    private readonly Dictionary<RecordKey, KeyQueue> _keys = [];
    private readonly WorkCount _resting = new();
    private readonly Lock _gate = new();
    private volatile bool _draining;

    public KeyedDispatcher(int workers, Func<ReceivedMessage, ValueTask<Turn>> turn)
    {
        _turn = turn;
        _ready = new WorkerPool<KeyQueue>(workers, WorkAsync);
    }

    /// <summary>Keys that stand still: their message is tried again later, or its dead letter is being stored.</summary>
    public int Resting => _resting.Count;

    /// <summary>Ends after <see cref="Drain"/>, when no message is with a worker and no key stands still.</summary>
    public async Task RunAsync()
    {
        await _ready.Ended.ConfigureAwait(false);
        await _resting.WhenIdle().ConfigureAwait(false);
    }

    /// <summary>Queues a message behind the others of its key; one without a key stands alone.</summary>
    public void Enqueue(ReceivedMessage message)
    {
        KeyQueue queue;
        lock (_gate)
        {
            queue = QueueOf(message);
            queue.Add(message);
            if (queue.IsScheduled)
            {
                return;
            }

            queue.IsScheduled = true;
        }

        Schedule(queue);
    }

    /// <summary>Puts messages that were taken back to their places in their keys.</summary>
    public void PutBack(IReadOnlyList<ReceivedMessage> messages)
    {
        foreach (var message in messages)
        {
            KeyQueue queue;
            bool start;
            lock (_gate)
            {
                queue = QueueOf(message);
                queue.PutBack(message);
                start = !queue.IsScheduled;
                queue.IsScheduled = true;
            }

            if (start)
            {
                Schedule(queue);
            }
        }
    }

    /// <summary>Starts nothing more: what is with a handler ends, what is queued is dropped and comes again. The workers end.</summary>
    public void Drain()
    {
        _draining = true;
        _ready.Complete();
    }

    private KeyQueue QueueOf(ReceivedMessage message)
    {
        var key = new RecordKey(message.Position.Partition, message.Record.Key);
        if (key.IsEmpty)
        {
            return new KeyQueue(key);
        }

        if (!_keys.TryGetValue(key, out var queue))
        {
            queue = new KeyQueue(key);
            _keys.Add(key, queue);
        }

        return queue;
    }

    private async ValueTask WorkAsync(KeyQueue queue)
    {
        if (await HandleAsync(queue).ConfigureAwait(false))
        {
            Schedule(queue);
        }
    }

    // True when the key has more to do.
    private async ValueTask<bool> HandleAsync(KeyQueue queue)
    {
        for (var i = 0; i < Burst; i++)
        {
            if (!TryTake(queue, out var message))
            {
                return false;
            }

            if (_draining || !message.Partition.TryStart())
            {
                message.Finish(handled: false);
                continue;
            }

            var result = await _turn(message).ConfigureAwait(false);
            if (result.Ends)
            {
                // The run is ending on this key's failure: nothing behind it may start.
                Drop(queue);
                return false;
            }

            if (result.Until is { } until)
            {
                _ = RestAsync(queue, result.IsAgain ? message : null, until);
                return false;
            }
        }

        return true;
    }

    // Off the worker: however many keys wait for a retry, the others lose nothing by it.
    private async Task RestAsync(KeyQueue queue, ReceivedMessage? again, Task until)
    {
        if (again is not null)
        {
            lock (_gate)
            {
                queue.PutBack(again);
            }
        }

        _resting.Enter();
        try
        {
            await until.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Schedule(queue);
        }
        finally
        {
            _resting.Leave();
        }
    }

    private void Schedule(KeyQueue queue)
    {
        if (!_ready.TryAdd(queue))
        {
            Drop(queue);
        }
    }

    private bool TryTake(KeyQueue queue, out ReceivedMessage message)
    {
        lock (_gate)
        {
            if (queue.TryTake(out message))
            {
                return true;
            }

            queue.IsScheduled = false;
            _keys.Remove(queue.Key);
            return false;
        }
    }

    private void Drop(KeyQueue queue)
    {
        while (TryTake(queue, out var message))
        {
            message.Finish(handled: false);
        }
    }
}
