namespace DashStream.Providers;

/// <summary>
/// Which records a batch had for which partition, in a few bytes: the server keeps it with the ids that it gave, so that a batch whose answer was lost finds its
/// positions again. Variable-length numbers: the first sequence; then for each partition its number, how many records, and the steps between their sequences.
/// </summary>
internal sealed class AppendLayout
{
    private readonly List<byte> _bytes;
    private readonly long _first;
    private long _previous;

    public AppendLayout(long first, int records)
    {
        _bytes = new List<byte>(records + 16);
        _first = first;
        Write((ulong)first);
    }

    public void AddPartition(int partition, int records)
    {
        Write((ulong)partition);
        Write((ulong)records);
        _previous = _first;
    }

    public void AddRecord(long sequence)
    {
        Write((ulong)(sequence - _previous));
        _previous = sequence;
    }

    public byte[] ToArray() => [.. _bytes];

    /// <summary>Adds where each record of a layout is, given the first id in each of its partitions.</summary>
    public static void Read(ReadOnlySpan<byte> bytes, IReadOnlyList<UInt128> firstIds, Dictionary<(long Sequence, int Partition), UInt128> places)
    {
        var first = (long)Take(ref bytes);
        foreach (var firstId in firstIds)
        {
            var partition = (int)Take(ref bytes);
            var records = (int)Take(ref bytes);
            var sequence = first;
            for (var i = 0; i < records; i++)
            {
                sequence += (long)Take(ref bytes);
                places[(sequence, partition)] = firstId + (UInt128)i;
            }
        }
    }

    private void Write(ulong number)
    {
        while (number >= 0x80)
        {
            _bytes.Add((byte)(number | 0x80));
            number >>= 7;
        }

        _bytes.Add((byte)number);
    }

    private static ulong Take(ref ReadOnlySpan<byte> bytes)
    {
        ulong number = 0;
        for (var shift = 0; !bytes.IsEmpty; shift += 7)
        {
            var next = bytes[0];
            bytes = bytes[1..];
            number |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return number;
            }
        }

        throw new StreamException(StreamErrorKind.Corrupt, "What Redis remembers of a producer's last batch is damaged.");
    }
}
