namespace DashStream.Conformance;

/// <summary>
/// Which faults happen, decided by the seed alone: each occasion has a name (what, for whom, for the how-manieth time), and the same seed decides the same
/// about it however threads interleave. Thread-safe.
/// </summary>
public sealed class FaultPlan
{
    private readonly int[] _happened = new int[Enum.GetValues<FaultPoint>().Length];

    /// <summary>Makes the plan of a seed.</summary>
    /// <param name="seed">Any number.</param>
    /// <param name="rates">How likely each fault is; null means the defaults.</param>
    public FaultPlan(int seed, FaultRates? rates = null)
    {
        Seed = seed;
        Rates = rates ?? new FaultRates();
    }

    /// <summary>The seed.</summary>
    public int Seed { get; }

    /// <summary>How likely each fault is.</summary>
    public FaultRates Rates { get; }

    /// <summary>How many faults of any kind have happened.</summary>
    public int Happened => _happened.Sum();

    internal int Count(FaultPoint point) => Volatile.Read(ref _happened[(int)point]);

    internal bool Happens(FaultPoint point, double rate, string whom, long ordinal)
    {
        if (Draw(point, whom, ordinal) >= rate)
        {
            return false;
        }

        Interlocked.Increment(ref _happened[(int)point]);
        return true;
    }

    /// <summary>Zero, or a wait up to the longest.</summary>
    internal TimeSpan DelayAt(FaultPoint point, double rate, string whom, long ordinal) =>
        Happens(point, rate, whom, ordinal) ? Rates.LongestDelay * Draw(point, whom, ~ordinal) : TimeSpan.Zero;

    /// <summary>A number from 0 to below 1 that depends on the seed and the occasion only.</summary>
    internal double Draw(FaultPoint point, string whom, long ordinal)
    {
        var hash = Mix(((ulong)(uint)Seed << 8) | (byte)point);
        foreach (var c in whom)
        {
            hash = Mix(hash ^ c);
        }

        return (Mix(hash ^ (ulong)ordinal) >> 11) * (1.0 / (1UL << 53));
    }

    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
