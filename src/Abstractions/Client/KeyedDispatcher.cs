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

    public KeyedDispatcher(int workers, Func<ReceivedMessage, ValueTask<Turn>> turn)
    {
        _turn = turn;
        _ready = new WorkerPool<KeyQueue>(workers, WorkAsync);
        Keys = new KeyTable(_ready.TryAdd, _ready.Complete);
    }

    public KeyTable Keys { get; }

    /// <summary>Ends after the keys are drained, when no message is with a worker and no key stands still.</summary>
    public async Task RunAsync()
    {
        await _ready.Ended.ConfigureAwait(false);
        await Keys.WhenNoneRests().ConfigureAwait(false);
    }

    private async ValueTask WorkAsync(KeyQueue queue)
    {
        if (await HandleAsync(queue).ConfigureAwait(false))
        {
            Keys.Schedule(queue);
        }
    }

    // True when the key has more to do.
    private async ValueTask<bool> HandleAsync(KeyQueue queue)
    {
        for (var i = 0; i < Burst; i++)
        {
            if (!Keys.TryTake(queue, out var message))
            {
                return false;
            }

            if (Keys.IsDraining || !message.Partition.TryStart())
            {
                message.Finish(handled: false);
            }
            else if (!Keys.GoOn(queue, message, await _turn(message).ConfigureAwait(false)))
            {
                return false;
            }
        }

        return true;
    }
}
