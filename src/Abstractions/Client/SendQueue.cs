namespace DashStream.Client;

/// <summary>
/// Bounds the bytes on their way and keeps waiting sends in order of their calls. While anybody waits, everybody queues: nothing overtakes. Whoever frees room
/// hands over for those who wait, in order.
/// </summary>
internal sealed class SendQueue : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly Queue<WaitingSend> _waiting = new();
    private readonly ITimer _retry;
    private readonly long _maxBytes;
    private readonly int _maxWaiting;
    private long _bytes;
    private int _count;
    private bool _pumping;
    private TaskCompletionSource? _empty;

    public SendQueue(long maxBytes, int maxWaiting, TimeProvider time)
    {
        _maxBytes = maxBytes;
        _maxWaiting = maxWaiting;
        _retry = time.CreateTimer(static queue => ((SendQueue)queue!).Pump(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>True when a send may be handed over at once.</summary>
    public bool IsOpen => Volatile.Read(ref _count) == 0 && Volatile.Read(ref _bytes) < _maxBytes;

    public int Waiting => Volatile.Read(ref _count);

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Puts a send behind those that wait. False when too many do.</summary>
    public bool TryEnqueue(WaitingSend send)
    {
        lock (_gate)
        {
            if (_count >= _maxWaiting)
            {
                return false;
            }

            _waiting.Enqueue(send);
            Volatile.Write(ref _count, _count + 1);
        }

        // The last send on its way may have ended between the caller's look and this line.
        Pump();
        return true;
    }

    public void Remove(long bytes)
    {
        Interlocked.Add(ref _bytes, -bytes);
        if (Volatile.Read(ref _count) > 0)
        {
            Pump();
        }
    }

    /// <summary>Completes when nobody waits any more.</summary>
    public Task WhenEmpty()
    {
        lock (_gate)
        {
            return _count == 0
                ? Task.CompletedTask
                : (_empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Fails whoever still waits.</summary>
    public void FailAll(Func<Exception> error)
    {
        lock (_gate)
        {
            foreach (var send in _waiting)
            {
                send.Fail(error());
            }
        }

        Pump();
    }

    public void Dispose() => _retry.Dispose();

    // Hands over while there is room. A send that the provider throttles stays first, and the timer tries again, since it may have been others
    // who filled the provider's queue.
    private void Pump()
    {
        while (TryTakeTurn(out var send))
        {
            var done = send.IsSettled || send.TryHandOver();
            if (!EndTurn(done))
            {
                _retry.Change(RetryInterval, Timeout.InfiniteTimeSpan);
                return;
            }
        }
    }

    private bool TryTakeTurn(out WaitingSend send)
    {
        lock (_gate)
        {
            if (_pumping || !_waiting.TryPeek(out send!) || (!send.IsSettled && _bytes >= _maxBytes))
            {
                send = null!;
                return false;
            }

            _pumping = true;
            return true;
        }
    }

    private bool EndTurn(bool done)
    {
        lock (_gate)
        {
            _pumping = false;
            if (done)
            {
                _waiting.Dequeue();
                Volatile.Write(ref _count, _count - 1);
                if (_count == 0)
                {
                    _empty?.SetResult();
                    _empty = null;
                }
            }

            return done;
        }
    }
}
