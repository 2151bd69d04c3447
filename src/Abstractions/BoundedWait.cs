namespace DashStream;

/// <summary>
/// Waits for a task that may outlast the patience of whoever waits. What it ends with later is nobody's then: an error is looked at and dropped, or the runtime would report it as
/// one that nobody saw, long after its cause was told.
/// </summary>
internal static class BoundedWait
{
    public static Task<T> OrLeaveAsync<T>(this ValueTask<T> call, CancellationToken cancellationToken) =>
        call.AsTask().OrLeaveAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    public static async Task<T> OrLeaveAsync<T>(this Task<T> task, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await task.WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Forget(task);
            throw;
        }
    }

    /// <summary>Nobody waits for this task any more; its error has been told, or is told by the next call.</summary>
    public static void Forget(Task task) =>
        _ = task.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
