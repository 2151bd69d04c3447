namespace DashStream.Client;

/// <summary>
/// Decides between sending a posted message and dropping it: one of the two happens, once. A hand-over that the provider had no room for may be undone. Thread-safe.
/// </summary>
#pragma warning disable CA1001 // Whoever drops it may come when its send has ended; a source without timer or wait handle holds nothing.
internal sealed class PostTicket
#pragma warning restore CA1001
{
    private const int Waiting = 0;
    private const int Taken = 1;
    private const int Over = 2;
    private const int Dropped = 3;

    private readonly CancellationTokenSource _wait = new();
    private int _state;

    /// <summary>Fires when it is dropped, so that its wait ends.</summary>
    public CancellationToken Token => _wait.Token;

    public bool IsDropped => Volatile.Read(ref _state) == Dropped;

    /// <summary>Whether it is with the provider for good, or at its end.</summary>
    public bool IsOver => Volatile.Read(ref _state) == Over;

    /// <summary>Begins to hand over; false when it was dropped.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Waiting) == Waiting;

    /// <summary>Ends what <see cref="TryTake"/> began.</summary>
    public void Leave(bool handedOver) => Volatile.Write(ref _state, handedOver ? Over : Waiting);

    /// <summary>Drops it, unless it is with the provider, on its way there, or at its end. Then call <see cref="EndWait"/>.</summary>
    public bool TryDrop() => Interlocked.CompareExchange(ref _state, Dropped, Waiting) == Waiting;

    /// <summary>Wakes the send of a dropped message. Never under a lock: what comes next may run here.</summary>
    public void EndWait() => _wait.Cancel();

    /// <summary>Its send has ended; false when it was dropped.</summary>
    public bool TryEnd() => Interlocked.CompareExchange(ref _state, Over, Waiting) != Dropped;
}
