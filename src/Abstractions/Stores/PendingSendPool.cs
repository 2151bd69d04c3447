namespace DashStream.Stores;

/// <summary>Keeps sends for reuse, up to a bound. Safe for concurrent use.</summary>
internal sealed class PendingSendPool
{
    private const int Capacity = 8192;

    private readonly Lock _gate = new();
    private readonly PendingSend[] _free = new PendingSend[Capacity];
    private int _count;

    public PendingSend Rent()
    {
        lock (_gate)
        {
            if (_count > 0)
            {
                return _free[--_count];
            }
        }

        return new PendingSend(this);
    }

    public void Return(PendingSend send)
    {
        lock (_gate)
        {
            if (_count < Capacity)
            {
                _free[_count++] = send;
            }
        }
    }
}
