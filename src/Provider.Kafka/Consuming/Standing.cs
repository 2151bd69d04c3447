namespace DashStream.Providers;

/// <summary>How a member stood when it gave everything up.</summary>
/// <param name="IsWhole">Whether the listener had the time it needed.</param>
/// <param name="Committed">What was committed.</param>
/// <param name="Left">Records delivered and not committed.</param>
internal sealed record Standing(bool IsWhole, IReadOnlyList<StreamPosition> Committed, long Left);
