namespace DashStream.Groups;

/// <summary>Waits for the store and for something of our own at once.</summary>
internal static class InterruptibleWait
{
    /// <summary>
    /// Returns when the store's wait ends, when <paramref name="signal"/> completes, or after <paramref name="atMost"/>, whichever is first, even if the store
    /// ignores its token. An error of the store's wait is thrown.
    /// </summary>
    public static async ValueTask RunAsync(
        Func<CancellationToken, ValueTask> wait, Task signal, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var storeWait = wait(interrupt.Token).AsTask();
        Task either = Task.WhenAny(storeWait, signal);
        await either.WaitAsync(atMost, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (storeWait.IsCompleted)
        {
            await storeWait.ConfigureAwait(false);
            return;
        }

        BoundedWait.Forget(storeWait);
        await interrupt.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Returns after the pause or when <paramref name="signal"/> completes.</summary>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public static async Task PauseAsync(TimeSpan pause, Task signal, TimeProvider time, CancellationToken cancellationToken)
    {
        await signal.WaitAsync(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
