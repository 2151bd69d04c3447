namespace DashStream.Providers;

/// <summary>Bounds how many segment files a store has open for reading: beyond that it lets go of the one opened first. Safe for concurrent use.</summary>
internal sealed class OpenSegments(int most = 512)
{
    private readonly Lock _gate = new();
    private readonly Queue<LogSegment> _open = new();

    public void Add(LogSegment segment)
    {
        LogSegment? first = null;
        lock (_gate)
        {
            _open.Enqueue(segment);
            if (_open.Count > most)
            {
                first = _open.Dequeue();
            }
        }

        if (first != segment)
        {
            first?.Forget();
        }
    }
}
