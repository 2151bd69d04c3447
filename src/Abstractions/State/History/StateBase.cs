namespace DashStream.State;

/// <summary>Where to begin rebuilding a state, and where to stop.</summary>
/// <param name="Moment">The state to begin with; null to begin with nothing.</param>
/// <param name="From">The first offset to read.</param>
/// <param name="End">The first offset that is not read any more.</param>
internal sealed record StateBase(StateMoment? Moment, UInt128 From, UInt128 End);
