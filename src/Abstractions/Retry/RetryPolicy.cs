namespace DashStream;

/// <summary>How often and after which delays something is tried again: exponential backoff with full jitter, so that many who failed together do not come back
/// together.</summary>
public sealed class RetryPolicy
{
    /// <summary>Attempts in all, the first included. Default 3; 1 (no retry) to 1,000.</summary>
    public int MaxAttempts { get; set; } = 3;

    /// <summary>Upper bound of the first delay; each further one doubles it. Default 100 ms; more than zero, at most <see cref="MaxDelay"/>.</summary>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Upper bound of every delay. Default 5 s; at most 1 h.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (MaxAttempts is < 1 or > 1000)
        {
            yield return $"{nameof(MaxAttempts)} is {MaxAttempts}; allowed are 1 to 1,000";
        }

        if (MaxDelay <= TimeSpan.Zero || MaxDelay > TimeSpan.FromHours(1))
        {
            yield return $"{nameof(MaxDelay)} is {MaxDelay}; allowed are more than zero to 1 h";
        }

        if (BaseDelay <= TimeSpan.Zero || BaseDelay > MaxDelay)
        {
            yield return $"{nameof(BaseDelay)} is {BaseDelay}; allowed are more than zero to {nameof(MaxDelay)} ({MaxDelay})";
        }
    }

    /// <summary>The pause after a failed attempt (1 for the first): anything between zero and the doubled bound, evenly.</summary>
    internal TimeSpan DelayAfter(int attempt, Random random)
    {
        var ceiling = Math.Min(MaxDelay.TotalMilliseconds, BaseDelay.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 62)));
        return TimeSpan.FromMilliseconds(random.NextDouble() * ceiling);
    }

    internal RetryPolicy Copy() => (RetryPolicy)MemberwiseClone();
}
