namespace DashStream.Providers;

/// <summary>What the server answered to a list of checks.</summary>
/// <param name="Burst">The burst that holds.</param>
/// <param name="Left">The permits left, rounded down.</param>
/// <param name="Waits">For each check the wait in microseconds, or a refusal of <see cref="LimiterScripts"/>.</param>
internal sealed record LimiterAnswer(long Burst, long Left, IReadOnlyList<long> Waits);
