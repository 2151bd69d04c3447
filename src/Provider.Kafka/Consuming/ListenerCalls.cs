namespace DashStream.Providers;

/// <summary>
/// Calls the application's listener, one call at a time, from the poll thread, which waits for it: librdkafka wants the rebalance answered when its callback
/// returns. Blocking is allowed here because the thread is the consumer's own and heartbeats come from another one, inside librdkafka. A call that outlasts the
/// session is no longer waited for: the member leaves the group instead.
/// </summary>
internal sealed class ListenerCalls(IAssignmentListener? listener, TimeSpan session) : IDisposable
{
    private CancellationTokenSource _abandon = new();
    private Task? _outlasting;

    /// <summary>Whether a call went on longer than the session.</summary>
    public bool HasOutlasted => _outlasting is not null;

    /// <summary>Calls and waits; false when the call outlasted the session and goes on.</summary>
    /// <exception cref="Exception">What the listener threw.</exception>
    public bool TryCall(Func<IAssignmentListener, CancellationToken, ValueTask> call)
    {
        if (listener is null)
        {
            return true;
        }

        // On the pool: a listener that does its work before its first await would otherwise not be bounded.
        var task = Task.Run(() => call(listener, _abandon.Token).AsTask());
        if (!((IAsyncResult)task).AsyncWaitHandle.WaitOne(session))
        {
            _abandon.Cancel();
            _outlasting = task;
            return false;
        }

        task.GetAwaiter().GetResult();
        return true;
    }

    /// <summary>Waits for the call that outlasted the session.</summary>
    /// <exception cref="Exception">What the listener threw, other than that it was told to give up.</exception>
    public void AwaitOutlasting()
    {
        var task = _outlasting!;
        ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
        _outlasting = null;
        try
        {
            task.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            // Told to give up, it did.
        }
        finally
        {
            _abandon.Dispose();
            _abandon = new CancellationTokenSource();
        }
    }

    public void Dispose() => _abandon.Dispose();
}
