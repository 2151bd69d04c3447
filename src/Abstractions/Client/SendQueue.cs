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
    private readonly Queue<Mark> _marks = new();
    private long _bytes;
    private long _enqueued;
    private long _passed;
    private int _count;
    private bool _pumping;
    private bool _closed;

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

    /// <summary>Puts a send behind those that wait. False when too many do, or when the queue was closed.</summary>
    public bool TryEnqueue(WaitingSend send)
    {
        lock (_gate)
        {
            if (_closed || _count >= _maxWaiting)
            {
                return false;
            }

            _waiting.Enqueue(send);
            _enqueued++;
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

    /// <summary>Completes when none of those waits any more that wait now.</summary>
    public Task WhenPassed()
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                return Task.CompletedTask;
            }

            var mark = new Mark(_enqueued, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _marks.Enqueue(mark);
            return mark.Reached.Task;
        }
    }

    /// <summary>Takes no more and fails whoever still waits; returns how many did.</summary>
    public int Close(Func<Exception> error)
    {
        WaitingSend[] left;
        lock (_gate)
        {
            _closed = true;
            left = [.. _waiting];
        }

        // Outside the gate: a hand-over under way holds its send's own gate and may come back here.
        var failed = left.Count(send => send.Fail(error()));
        Pump();
        return failed;
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
                _passed++;
                while (_marks.TryPeek(out var mark) && mark.After <= _passed)
                {
                    _marks.Dequeue().Reached.SetResult();
                }
            }

            return done;
        }
    }

    /// <summary>Somebody who waits until so many sends have passed.</summary>
    private readonly record struct Mark(long After, TaskCompletionSource Reached);
}
