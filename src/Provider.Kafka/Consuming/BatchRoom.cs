namespace DashStream.Providers;

/// <summary>How much more fits into a batch. The first record always does.</summary>
internal sealed class BatchRoom(int records, long bytes)
{
    private int _records = records;
    private long _bytes = bytes;
    private bool _any;

    public bool IsFull => _records == 0 || _bytes <= 0;

    /// <summary>Whether a record of that size fits; if so, it is counted, else the batch is full.</summary>
    public bool Takes(long size)
    {
        if (_any && size > _bytes)
        {
            _bytes = 0;
            return false;
        }

        _any = true;
        _records--;
        _bytes -= size;
        return true;
    }
}
