namespace DashStream.Client;

/// <summary>What of the deliveries an operator should see. Thread-safe.</summary>
internal sealed class DeliveryStatus
{
    private readonly Lock _gate = new();
    private int _waiting;
    private int _letters;
    private Exception? _letterError;

    public int Waiting => Volatile.Read(ref _waiting);

    public int Letters => Volatile.Read(ref _letters);

    public Exception? LetterError
    {
        get
        {
            lock (_gate)
            {
                return _letterError;
            }
        }
    }

    public void WaitBegun() => Interlocked.Increment(ref _waiting);

    public void WaitEnded() => Interlocked.Decrement(ref _waiting);

    public void LetterBegun() => Interlocked.Increment(ref _letters);

    public void LetterEnded() => Interlocked.Decrement(ref _letters);

    public void LetterStored()
    {
        lock (_gate)
        {
            _letterError = null;
        }
    }

    public void LetterFailed(Exception error)
    {
        lock (_gate)
        {
            _letterError = error;
        }
    }
}
