namespace DashStream.Groups;

/// <summary>The member that a listener call must keep alive while it runs.</summary>
internal interface ISessionKeeper
{
    /// <summary>When the next heartbeat is due.</summary>
    TimeSpan UntilNextBeat { get; }

    /// <summary>Beats if it is time to; never throws for a sick store.</summary>
    ValueTask BeatAsync(CancellationToken cancellationToken);

    /// <summary>The call took too long: everything is given up. Never throws for a sick store.</summary>
    ValueTask GiveUpAsync(CancellationToken cancellationToken);
}

/// <summary>
/// Calls the listener and keeps the session alive meanwhile, for as long as one session time-out. Calls must come one at a time.
/// </summary>
internal sealed class ListenerCalls(IAssignmentListener listener, ISessionKeeper session, TimeSpan sessionTimeout, TimeProvider time)
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(5);

    /// <summary>Each returns true when the call ended in time, false when it did not and everything was given up.</summary>
    /// <exception cref="ListenerException">The listener threw.</exception>
    public ValueTask<bool> AssignedAsync(IReadOnlyList<int> partitions, CancellationToken cut) =>
        RunAsync(token => listener.OnAssignedAsync(partitions, token), cut);

    /// <inheritdoc cref="AssignedAsync"/>
    public ValueTask<bool> RevokedAsync(IReadOnlyList<int> partitions, CancellationToken cut) =>
        RunAsync(token => listener.OnRevokedAsync(partitions, token), cut);

    /// <inheritdoc cref="AssignedAsync"/>
    public ValueTask<bool> LostAsync(IReadOnlyList<int> partitions, CancellationToken cut) =>
        RunAsync(token => listener.OnLostAsync(partitions, token), cut);

    private async ValueTask<bool> RunAsync(Func<CancellationToken, ValueTask> call, CancellationToken cut)
    {
        using var limit = new CancellationTokenSource(sessionTimeout, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cut, limit.Token);
        var token = bound.Token;

        // On another thread, since a listener may block in its call and heartbeats must go on.
        var running = Task.Run(() => call(token).AsTask(), CancellationToken.None);
        await KeepAliveAsync(running, token).ConfigureAwait(false);
        var inTime = !limit.IsCancellationRequested;
        if (!inTime)
        {
            await session.GiveUpAsync(cut).ConfigureAwait(false);
        }

        await running.WaitAsync(cut).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!running.IsCompleted)
        {
            BoundedWait.Forget(running);
        }

        cut.ThrowIfCancellationRequested();
        return await EndedWellAsync(running, token).ConfigureAwait(false) && inTime;
    }

    private async ValueTask KeepAliveAsync(Task running, CancellationToken token)
    {
        while (!running.IsCompleted && !token.IsCancellationRequested)
        {
            var wait = session.UntilNextBeat;
            await running.WaitAsync(wait > ShortestWait ? wait : ShortestWait, time, token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!running.IsCompleted && !token.IsCancellationRequested)
            {
                await session.BeatAsync(token).ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask<bool> EndedWellAsync(Task ended, CancellationToken token)
    {
        try
        {
            await ended.ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e)
        {
            throw new ListenerException(e);
        }
    }
}

/// <summary>Carries a listener's own error out of the loop, so that it is not taken for the store's.</summary>
internal sealed class ListenerException(Exception error) : Exception(error.Message, error);
