namespace DashStream.Runs;

/// <summary>Durations as the wire has them.</summary>
internal static class RunTime
{
    /// <summary>Microseconds, at least 1: zero would read as not measured.</summary>
    public static long Us(TimeSpan duration) => Math.Max(1, (long)duration.TotalMicroseconds);
}
