using System.Diagnostics.CodeAnalysis;

namespace DashStream.Client;

/// <summary>
/// Keeps "read a batch and take it in" apart from changes of assignment and position. An interrupt cancels the read under way (which then has delivered
/// nothing), waits until the loop stands between two batches, and holds it there; so no record of an old assignment is taken for one of a new.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Neither has a handle or a timer to free, and late callers must find them in order.")]
internal sealed class ReadingGate
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private CancellationTokenSource _cycle = new();
    private int _interrupts;

    /// <summary>Enters a cycle; the token ends its read when somebody interrupts. Leave with <see cref="EndCycle"/>.</summary>
    public async ValueTask<CancellationToken> BeginCycleAsync()
    {
        while (true)
        {
            await _turn.WaitAsync().ConfigureAwait(false);
            lock (_gate)
            {
                if (_interrupts == 0)
                {
                    if (_cycle.IsCancellationRequested)
                    {
                        _cycle.Dispose();
                        _cycle = new CancellationTokenSource();
                    }

                    return _cycle.Token;
                }
            }

            // Somebody is about to take the turn: let them, their release wakes us.
            _turn.Release();
            await Task.Yield();
        }
    }

    /// <summary>Ends the read under way, if any.</summary>
    public void CancelCycle()
    {
        lock (_gate)
        {
            _cycle.Cancel();
        }
    }

    public void EndCycle() => _turn.Release();

    /// <summary>Stands between two cycles until the result is disposed.</summary>
    public async ValueTask<IAsyncDisposable> InterruptAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _interrupts++;
            _cycle.Cancel();
        }

        try
        {
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _interrupts--;
            }
        }

        return new Turn(_turn);
    }

    private sealed class Turn(SemaphoreSlim turn) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            turn.Release();
            return ValueTask.CompletedTask;
        }
    }
}
