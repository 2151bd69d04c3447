using DashStream.Protocol;

namespace DashStream.Client;

/// <summary>A send that could not be handed over at once. It settles once: handed over, or given up by its caller or its deadline.</summary>
internal sealed class WaitingSend(
    DashStreamMessage message, Func<DashStreamMessage, HandOver> handOver) : IDisposable
{
    private readonly TaskCompletionSource<HandOver> _handedOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private CancellationTokenRegistration _registration;

    public Task<HandOver> HandedOver => _handedOver.Task;

    public bool IsSettled => _handedOver.Task.IsCompleted;

    /// <summary>Gives up when the token fires, unless handed over before.</summary>
    public void GiveUpOn(Func<Exception> error, CancellationToken token) =>
        _registration = token.UnsafeRegister(_ => Fail(error()), null);

    public void Fail(Exception error)
    {
        lock (_gate)
        {
            _handedOver.TrySetException(error);
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
                var result = handOver(message);
                if (result.IsThrottled)
                {
                    return false;
                }

                _handedOver.TrySetResult(result);
            }
            catch (Exception e) when (e is StreamException or ArgumentException or InvalidOperationException)
            {
                _handedOver.TrySetException(e);
            }

            return true;
        }
    }

    public void Dispose() => _registration.Dispose();
}
