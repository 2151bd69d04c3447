namespace DashStream.Bench;

/// <summary>The middle and the ends of a set of measurements.</summary>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    /// <summary>Of an even count the median is the mean of the middle two. At least one value is needed.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length, nameof(values));
        var upper = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[upper] : (sorted[upper - 1] + sorted[upper]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    /// <summary>
    /// How many times as fast the first is as the second, pair by pair: both times of a pair were taken right after one another, so
    /// whatever slowed the machine at that moment slowed both.
    /// </summary>
    public static Spread OfSpeedRatios(IReadOnlyList<TimeSpan> first, IReadOnlyList<TimeSpan> second)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(first.Count, second.Count);
        return Of(first.Zip(second, (ours, theirs) => theirs / ours));
    }
}
