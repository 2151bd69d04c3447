namespace DashStream.Sequencing;

/// <summary>What a number is, compared with those before it in its thread.</summary>
internal enum NumberKind
{
    /// <summary>The next one, or the first that is seen.</summary>
    Expected,

    /// <summary>The same as the last one.</summary>
    Duplicate,

    /// <summary>Older than the last one.</summary>
    Reordered,

    /// <summary>Numbers are missing before it.</summary>
    Gap,
}

/// <summary>
/// The number that is expected next in each (tenant, thread, producer identity), bounded. What was seen counts for one assignment of a partition: after a
/// takeover or a seek, the first number is right whatever it is. Not thread-safe.
/// </summary>
internal sealed class NumberTable(int capacity)
{
    private readonly RecentMap<Entry> _threads = new(capacity);

    public NumberKind See(UInt128 lane, long epoch, ulong number, bool haltAtGap, out ulong expected)
    {
        ref var entry = ref _threads.GetOrAdd(lane, out var known);
        expected = entry.Expected;
        if (!known || entry.Epoch != epoch)
        {
            entry = new Entry(epoch, Next(number));
            return NumberKind.Expected;
        }

        if (number < expected)
        {
            return number == expected - 1 ? NumberKind.Duplicate : NumberKind.Reordered;
        }

        var kind = number == expected ? NumberKind.Expected : NumberKind.Gap;
        if (kind == NumberKind.Expected || !haltAtGap)
        {
            entry = entry with { Expected = Next(number) };
        }

        return kind;
    }

    /// <summary>Takes a number as right whatever was expected.</summary>
    public void Accept(UInt128 lane, long epoch, ulong number)
    {
        ref var entry = ref _threads.GetOrAdd(lane, out var known);
        entry = new Entry(epoch, known && entry.Epoch == epoch ? Math.Max(entry.Expected, Next(number)) : Next(number));
    }

    private static ulong Next(ulong number) => number == ulong.MaxValue ? number : number + 1;

    private readonly record struct Entry(long Epoch, ulong Expected);
}
