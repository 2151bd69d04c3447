using System.Buffers;

namespace DashStream.Providers;

/// <summary>Entries of one partition that were copied out of it. <see cref="ToRecords"/> is called once.</summary>
internal readonly ref struct EntryRun
{
    private readonly StoredEntry[] _rented;
    private readonly int _partition;
    private readonly long _from;
    private readonly int _count;

    private EntryRun(StoredEntry[] rented, int partition, long from, int count)
    {
        _rented = rented;
        _partition = partition;
        _from = from;
        _count = count;
    }

    /// <summary>To be filled.</summary>
    public Span<StoredEntry> Entries => _rented.AsSpan(0, _count);

    public static EntryRun Rent(int partition, long from, int count) => new(ArrayPool<StoredEntry>.Shared.Rent(count), partition, from, count);

    public StreamRecord[] ToRecords()
    {
        var records = new StreamRecord[_count];
        for (var i = 0; i < records.Length; i++)
        {
            records[i] = _rented[i].ToRecord(new StreamPosition(_partition, (UInt128)(_from + i)));
        }

        Entries.Clear();
        ArrayPool<StoredEntry>.Shared.Return(_rented);
        return records;
    }
}
