namespace DashStream.Providers;

/// <summary>What is to be shown of a group in one partition: gathered until it is sent.</summary>
internal sealed class ShownPartition
{
    private readonly List<UInt128> _delivered = [];

    /// <summary>The token of who did it.</summary>
    public long Fence { get; private set; }

    /// <summary>Who read, or an empty text when only commits came.</summary>
    public string Member { get; private set; } = "";

    /// <summary>What was delivered and is not committed, in the order of delivery.</summary>
    public IReadOnlyList<UInt128> Delivered => _delivered;

    /// <summary>Everything up to here is done.</summary>
    public UInt128? Committed { get; private set; }

    /// <summary>False when there is no room: then nothing of it is kept.</summary>
    public bool TryDeliver(long fence, string member, IEnumerable<UInt128> offsets, int most)
    {
        if (fence < Fence)
        {
            return true;
        }

        if (fence > Fence || member != Member)
        {
            _delivered.Clear();
        }

        Fence = fence;
        Member = member;
        _delivered.AddRange(offsets);
        if (_delivered.Count <= most)
        {
            return true;
        }

        _delivered.Clear();
        return false;
    }

    public void Commit(long fence, UInt128 offset)
    {
        if (fence < Fence)
        {
            return;
        }

        Fence = fence;
        Committed = Committed is { } committed && committed > offset ? committed : offset;

        // Delivered and done before anybody could see it; the last one stays, to say how far reading is.
        _delivered.RemoveAll(delivered => delivered <= offset && delivered != _delivered[^1]);
    }
}
