using DashStream.Protocol;

namespace DashStream.Runs;

/// <summary>The sends on their way: each is watched until it is decided, then its room is given back. For the worker, which can wait for all of them.</summary>
internal sealed class RunSends(RunLedger ledger)
{
    private const int SweepAt = 256;

    private readonly List<Task> _open = [];
    private int _sweepAt = SweepAt;

    /// <summary>Hands a message over.</summary>
    /// <param name="producer">To whom.</param>
    /// <param name="message">The message, or the batch.</param>
    /// <param name="slips">The room that is given back when it is decided: one slip, or one for each event of the batch.</param>
    /// <param name="onStored">Called, on any thread, when it is stored.</param>
    /// <param name="onFailure">Called, on any thread, when it is not known to be stored although it was handed over.</param>
    /// <returns>False when it was refused at once: then it is certainly not stored.</returns>
    public bool Send(DashStreamProducer producer, DashStreamMessage message, IReadOnlyList<RunSlip> slips, Action? onStored = null, Action? onFailure = null)
    {
        var send = HandOver(producer, message);
        if (send.IsFaulted)
        {
            Decide(slips, send.Exception!.InnerException);
            return false;
        }

        if (send.IsCompletedSuccessfully)
        {
            Decide(slips, null);
            onStored?.Invoke();
            return true;
        }

        Watch(ObserveAsync(send, slips, onStored, onFailure));
        return true;
    }

    /// <summary>A task for everything so far; it does not fail.</summary>
    public Task Whole()
    {
        _open.RemoveAll(task => task.IsCompleted);
        return Task.WhenAll(_open);
    }

    private static Task<SendReceipt> HandOver(DashStreamProducer producer, DashStreamMessage message)
    {
        try
        {
            return producer.SendAsync(message).AsTask();
        }
        catch (Exception e)
        {
            // A message that the application made may be broken in ways that only encoding finds.
            return Task.FromException<SendReceipt>(e);
        }
    }

    private async Task ObserveAsync(Task<SendReceipt> send, IReadOnlyList<RunSlip> slips, Action? onStored, Action? onFailure)
    {
        await ((Task)send).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var error = send.IsCompletedSuccessfully ? null : send.Exception?.InnerException ?? new TaskCanceledException(send);
        (error is null ? onStored : onFailure)?.Invoke();
        Decide(slips, error);
    }

    private void Watch(Task task)
    {
        if (_open.Count >= _sweepAt)
        {
            _open.RemoveAll(done => done.IsCompleted);
            _sweepAt = Math.Max(SweepAt, _open.Count * 2);
        }

        _open.Add(task);
    }

    private void Decide(IReadOnlyList<RunSlip> slips, Exception? error)
    {
        foreach (var slip in slips)
        {
            ledger.Decide(slip, error);
        }
    }
}
