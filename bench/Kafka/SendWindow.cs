namespace DashStream.Bench.Kafka;

/// <summary>Keeps so many sends in flight, awaiting the oldest before the next.</summary>
internal sealed class SendWindow<TResult>(int size)
{
    private readonly ValueTask<TResult>[] _sends = new ValueTask<TResult>[size];

    public async ValueTask RunAsync(int count, Func<int, ValueTask<TResult>> send)
    {
        for (var i = 0; i < count; i++)
        {
            if (i >= size)
            {
                await _sends[i % size];
            }

#pragma warning disable CA2012 // Each waits for its turn in the ring and is awaited exactly once.
            _sends[i % size] = send(i);
#pragma warning restore CA2012
        }

        for (var i = Math.Max(0, count - size); i < count; i++)
        {
            await _sends[i % size];
        }
    }
}
