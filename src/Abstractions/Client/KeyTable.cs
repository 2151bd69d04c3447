namespace DashStream.Client;

/// <summary>What is queued under each key. A key is ready, with a worker, or at rest; never two at a time. Thread-safe.</summary>
/// <param name="tryReady">Takes a key that has something to do; false once everything is drained.</param>
/// <param name="close">Lets no key become ready any more.</param>
internal sealed class KeyTable(Func<KeyQueue, bool> tryReady, Action close)
{
    private readonly Dictionary<RecordKey, KeyQueue> _keys = [];
    private readonly WorkCount _resting = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource? _added;
    private volatile bool _draining;

    public bool IsDraining => _draining;

    /// <summary>Queues messages behind the others of their keys; one without a key stands alone.</summary>
    public void Enqueue(IReadOnlyList<ReceivedMessage> messages) => Put(messages, static (queue, message) => queue.Add(message));

    /// <summary>Puts messages that were taken back to their places in their keys.</summary>
    public void PutBack(IReadOnlyList<ReceivedMessage> messages) => Put(messages, static (queue, message) => queue.PutBack(message));

    /// <summary>Starts nothing more: what is queued is dropped and comes again.</summary>
    public void Drain()
    {
        _draining = true;
        close();
        lock (_gate)
        {
            Tell();
        }
    }

    /// <summary>Ends when something is queued after this call, or everything is drained.</summary>
    public Task WhenAdded()
    {
        lock (_gate)
        {
            return _draining
                ? Task.CompletedTask
                : (_added ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Ends when no key is at rest.</summary>
    public Task WhenNoneRests() => _resting.WhenIdle();

    /// <summary>The next message of a key that is with the caller; false when there is none, and then the key is not the caller's any more.</summary>
    public bool TryTake(KeyQueue queue, out ReceivedMessage message)
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

    /// <summary>The next message of a key, which stays with the caller though there is none.</summary>
    public bool TryTakeMore(KeyQueue queue, out ReceivedMessage message)
    {
        lock (_gate)
        {
            return queue.TryTake(out message);
        }
    }

    /// <summary>Puts a message back into the key that is with the caller.</summary>
    public void Return(KeyQueue queue, ReceivedMessage message)
    {
        lock (_gate)
        {
            queue.PutBack(message);
        }
    }

    /// <summary>The key goes back to those that are ready if it has anything to do.</summary>
    public void GiveBack(KeyQueue queue)
    {
        lock (_gate)
        {
            if (queue.Next is null)
            {
                queue.IsScheduled = false;
                _keys.Remove(queue.Key);
                return;
            }
        }

        Schedule(queue);
    }

    /// <summary>True when the next message of a key that is with the caller must be handled alone.</summary>
    public bool NextIsAlone(KeyQueue queue)
    {
        lock (_gate)
        {
            return queue.Next is { IsAlone: true };
        }
    }

    /// <summary>The key goes back to those that are ready, its turn being over.</summary>
    public void Schedule(KeyQueue queue)
    {
        if (!tryReady(queue))
        {
            Drop(queue);
        }
    }

    /// <summary>Acts on what became of a message. True when the caller may take the next one of the key.</summary>
    public bool GoOn(KeyQueue queue, ReceivedMessage message, Turn turn)
    {
        if (turn.Ends)
        {
            // The run is ending on this key's failure: nothing behind it may start.
            Drop(queue);
            return false;
        }

        if (turn.Until is null)
        {
            return true;
        }

        _ = RestAsync(queue, turn.IsAgain ? message : null, turn.Until);
        return false;
    }

    public void Drop(KeyQueue queue)
    {
        while (TryTake(queue, out var message))
        {
            message.Finish(handled: false);
        }
    }

    // Off the worker: however many keys wait for a retry, the others lose nothing by it.
    private async Task RestAsync(KeyQueue queue, ReceivedMessage? again, Task until)
    {
        if (again is not null)
        {
            Return(queue, again);
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

    // All under one turn of the gate: it is what the reading side and the workers meet at.
    private void Put(IReadOnlyList<ReceivedMessage> messages, Action<KeyQueue, ReceivedMessage> put)
    {
        var woken = new List<KeyQueue>();
        lock (_gate)
        {
            for (var i = 0; i < messages.Count; i++)
            {
                var queue = QueueOf(messages[i]);
                put(queue, messages[i]);
                if (!queue.IsScheduled)
                {
                    queue.IsScheduled = true;
                    woken.Add(queue);
                }
            }

            if (messages.Count > 0)
            {
                Tell();
            }
        }

        woken.ForEach(Schedule);
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

    private void Tell()
    {
        _added?.TrySetResult();
        _added = null;
    }
}
