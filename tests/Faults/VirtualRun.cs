namespace DashStream.Faults;

/// <summary>
/// Runs something under a clock that goes on only when nothing else can: what waits on nothing runs first, in the order in which it was queued. On a thread pool
/// of one thread that makes every run of a seed the same. When nothing can run and no timer is set, the run hangs, which is told at once.
/// </summary>
internal sealed class VirtualRun<T>(Func<TimeProvider, Task<T>> start) : IThreadPoolWorkItem
{
    private readonly VirtualClock _clock = new();
    private readonly TaskCompletionSource<T> _end = new();
    private Task<T>? _running;

    /// <summary>Whether this process runs one thing at a time, as the environment variables in the program's help make it.</summary>
    public static bool IsPossible
    {
        get
        {
            ThreadPool.GetMaxThreads(out var workers, out _);
            return workers == 1;
        }
    }

    public Task<T> RunAsync()
    {
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return _end.Task;
    }

    public void Execute()
    {
        _running ??= start(_clock);
        if (_running.IsCompleted)
        {
            _end.SetFromTask(_running);
            return;
        }

        if (ThreadPool.PendingWorkItemCount == 0 && !_clock.TryAdvance())
        {
            _end.SetException(new InvalidOperationException("hangs: everything waits, and nothing will wake it"));
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
