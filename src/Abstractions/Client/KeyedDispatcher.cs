using System.Threading.Channels;

namespace DashStream.Client;

/// <summary>
/// Runs handlers in parallel across keys and in order within a key. A fixed number of workers take keys that have something to do; a key is with one worker
/// at a time. Bounded by the in-flight budget of whoever enqueues.
/// </summary>
internal sealed class KeyedDispatcher(int workers, Func<ReceivedMessage, ValueTask<bool>> handle)
{
    // How many records of one key a worker handles before others get their turn.
    private const int Burst = 32;

    private readonly Channel<KeyQueue> _ready = Channel.CreateUnbounded<KeyQueue>();
    private readonly Dictionary<RecordKey, KeyQueue> _keys = [];
    private readonly Lock _gate = new();
    private volatile bool _draining;

    public Task Start() => Task.WhenAll(Enumerable.Range(0, workers).Select(_ => WorkAsync()));

    /// <summary>Queues a message behind the others of its key; one without a key stands alone.</summary>
    public void Enqueue(ReceivedMessage message)
    {
        var key = new RecordKey(message.Position.Partition, message.Record.Key);
        KeyQueue? queue;
        lock (_gate)
        {
            if (key.IsEmpty)
            {
                queue = new KeyQueue(key);
            }
            else if (!_keys.TryGetValue(key, out queue))
            {
                queue = new KeyQueue(key);
                _keys.Add(key, queue);
            }

            if (!queue.Add(message))
            {
                return;
            }
        }

        _ready.Writer.TryWrite(queue);
    }

    /// <summary>Starts nothing more: what is with a handler ends, what is queued is dropped and comes again. The workers end.</summary>
    public void Drain()
    {
        _draining = true;
        _ready.Writer.TryComplete();
    }

    private async Task WorkAsync()
    {
        // The first records may be queued before all workers have started; they must not run on the enqueuing thread.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await foreach (var queue in _ready.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (await HandleAsync(queue).ConfigureAwait(false) && !_ready.Writer.TryWrite(queue))
            {
                Drop(queue);
            }
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

            if (!await handle(message).ConfigureAwait(false))
            {
                // The run is ending on this key's failure: nothing behind it may start.
                Drop(queue);
                return false;
            }
        }

        return true;
    }

    private bool TryTake(KeyQueue queue, out ReceivedMessage message)
    {
        lock (_gate)
        {
            if (queue.TryTake(out message))
            {
                return true;
            }

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

    private sealed class KeyQueue(RecordKey key)
    {
        private ReceivedMessage? _first;
        private ReceivedMessage? _last;
        private bool _scheduled;

        public RecordKey Key { get; } = key;

        /// <summary>True when the queue must be given to a worker.</summary>
        public bool Add(ReceivedMessage message)
        {
            if (_first is null)
            {
                _first = message;
            }
            else
            {
                _last!.Next = message;
            }

            _last = message;
            var start = !_scheduled;
            _scheduled = true;
            return start;
        }

        public bool TryTake(out ReceivedMessage message)
        {
            message = _first!;
            if (_first is null)
            {
                _scheduled = false;
                return false;
            }

            _first = _first.Next;
            message.Next = null;
            return true;
        }
    }
}
