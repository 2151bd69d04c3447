using System.Diagnostics.CodeAnalysis;

namespace DashStream.Client;

/// <summary>
/// Works items off in the order they came, with no more workers than there is work for, and no more than a bound. A worker that finds more behind the item it
/// takes calls the next one: waking all of them for every item would cost more than most handlers do. Thread-safe.
/// </summary>
/// <param name="workers">Most workers at a time.</param>
/// <param name="work">Works off an item; must not throw.</param>
internal sealed class WorkerPool<T>(int workers, Func<T, ValueTask> work)
{
    private readonly Queue<T> _ready = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private int _workers;
    private bool _called;
    private bool _completed;

    /// <summary>Completes after <see cref="Complete"/>, when everything is worked off.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Queues an item; never runs it on the caller's thread. False after <see cref="Complete"/>.</summary>
    public bool TryAdd(T item)
    {
        bool call;
        lock (_gate)
        {
            if (_completed)
            {
                return false;
            }

            _ready.Enqueue(item);
            call = MayCall();
        }

        if (call)
        {
            Call();
        }

        return true;
    }

    /// <summary>Takes nothing more; what is queued is still worked off.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            EndWhenDone();
        }
    }

    private async Task WorkAsync()
    {
        var isNew = true;
        while (TryTake(isNew, out var item))
        {
            isNew = false;
            await work(item).ConfigureAwait(false);
        }
    }

    private bool TryTake(bool isNew, [MaybeNullWhen(false)] out T item)
    {
        bool call;
        lock (_gate)
        {
            _called &= !isNew;
            if (!_ready.TryDequeue(out item))
            {
                _workers--;
                EndWhenDone();
                return false;
            }

            call = MayCall();
        }

        if (call)
        {
            Call();
        }

        return true;
    }

    private bool MayCall()
    {
        if (_called || _ready.Count == 0 || _workers == workers)
        {
            return false;
        }

        _called = true;
        _workers++;
        return true;
    }

    private void EndWhenDone()
    {
        if (_completed && _workers == 0)
        {
            _ended.TrySetResult();
        }
    }

    private void Call() => ThreadPool.QueueUserWorkItem(static pool => _ = pool.WorkAsync(), this, preferLocal: false);
}
