namespace DashStream.Providers;

/// <summary>How the reader and the poll thread wait for each other. Safe for concurrent use.</summary>
internal sealed class FetchSignals : IDisposable
{
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _drained = new(initialState: false);
    private TaskCompletionSource? _arrived;

    /// <summary>Completes when a read may find something it did not find before.</summary>
    public Task Arrived
    {
        get
        {
            lock (_gate)
            {
                return (_arrived ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>Wakes a read that waits.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _arrived?.TrySetResult();
            _arrived = null;
        }
    }

    /// <summary>There is room again.</summary>
    public void NoteDrained() => _drained.Set();

    /// <summary>For the poll thread: waits until something was read, or the time is over.</summary>
    public void WaitForReader(TimeSpan limit) => _drained.WaitOne(limit);

    public void Dispose() => _drained.Dispose();
}
