namespace DashStream.Stores;

/// <summary>How much more fits into a batch.</summary>
internal sealed class BatchRoom(int records, int bytes)
{
    private readonly int _limit = records;

    public int Records { get; private set; } = records;

    public int Bytes { get; private set; } = bytes;

    public bool IsFull => Records == 0 || Bytes <= 0;

    /// <summary>How many of the records fit; the first of a batch always does.</summary>
    public int Take(IReadOnlyList<StreamRecord> found)
    {
        var count = 0;
        while (count < found.Count && !IsFull)
        {
            var size = found[count].SizeBytes;
            if (size > Bytes && Records < _limit)
            {
                Bytes = 0;
                break;
            }

            Bytes -= (int)Math.Min(size, Bytes);
            Records--;
            count++;
        }

        return count;
    }
}
