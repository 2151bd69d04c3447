namespace DashStream.Client;

/// <summary>A send that could not be handed over at once. It settles once: handed over, or given up by its caller or its deadline.</summary>
internal sealed class WaitingSend(SendItem item, Func<SendItem, HandOver> handOver) : IDisposable
{
    private readonly TaskCompletionSource<HandOver> _handedOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private CancellationTokenRegistration _registration;

    public Task<HandOver> HandedOver => _handedOver.Task;

    public bool IsSettled => _handedOver.Task.IsCompleted;

    /// <summary>Gives up when the token fires, unless handed over before.</summary>
    public void GiveUpOn(Func<Exception> error, CancellationToken token) =>
        _registration = token.UnsafeRegister(_ => Fail(error()), null);

    /// <summary>Gives up; false when it was settled before.</summary>
    public bool Fail(Exception error)
    {
        lock (_gate)
        {
            return _handedOver.TrySetException(error);
        }
    }

    /// <summary>False when the provider has no room yet. A send given up meanwhile is not handed over.</summary>
    public bool TryHandOver()
    {
        lock (_gate)
        {
            if (IsSettled)
            {
                return true;
            }

            try
            {
                var result = handOver(item);
                if (result.IsThrottled)
                {
                    return false;
                }

                _handedOver.TrySetResult(result);
            }
            catch (Exception e)
            {
                // Whatever it is belongs to this send's caller; those behind it must have their turn.
                _handedOver.TrySetException(e);
            }

            return true;
        }
    }

    public void Dispose() => _registration.Dispose();
}
