namespace DashStream.Providers;

/// <summary>Something that keeps a file open between its uses, and can open it again.</summary>
internal interface IKeptOpen
{
    /// <summary>Closes the file, unless it is in use right now; false then.</summary>
    bool TryClose();
}

/// <summary>
/// Bounds how many files a store keeps open between their uses: beyond that it closes those which were opened first and are not in use. Safe for concurrent use.
/// </summary>
internal sealed class OpenFiles(int most)
{
    // Those in use go back into the queue. That many in a row are rare, and the next file that is opened tries others.
    private const int MostTries = 16;

    private readonly Lock _gate = new();
    private readonly Queue<IKeptOpen> _open = new();

    /// <summary>Counts in one that was just opened.</summary>
    public void Add(IKeptOpen file)
    {
        lock (_gate)
        {
            _open.Enqueue(file);
        }

        for (var tries = 0; tries < MostTries && NextToClose() is { } first; tries++)
        {
            if (first == file || !first.TryClose())
            {
                lock (_gate)
                {
                    _open.Enqueue(first);
                }
            }
        }
    }

    private IKeptOpen? NextToClose()
    {
        lock (_gate)
        {
            return _open.Count > most ? _open.Dequeue() : null;
        }
    }
}
