namespace DashStream.State;

/// <summary>One state message of a thread, and the state behind it.</summary>
/// <param name="Position">Where the message lies.</param>
/// <param name="Sequence">Its number.</param>
/// <param name="Moment">The state behind it; null when it cannot be known, because a message before it is missing or damaged.</param>
/// <param name="Problem">Why it cannot be known; null when it is.</param>
public sealed record StateStep(StreamPosition Position, ulong Sequence, StateMoment? Moment, StreamException? Problem);

/// <summary>What a look into the past found.</summary>
/// <param name="Moment">The state.</param>
/// <param name="Bad">Records of the thread on the way that could not be read, and full states and checkpoints that are damaged; they were gone around.</param>
/// <param name="RecordsRead">How many records of the log were read, of any thread.</param>
public sealed record StateLookup(StateMoment Moment, IReadOnlyList<BadStateRecord> Bad, long RecordsRead);

/// <summary>A record that could not be used.</summary>
/// <param name="Position">Where it lies; null for a stored checkpoint.</param>
/// <param name="Error">Why.</param>
public sealed record BadStateRecord(StreamPosition? Position, StreamException Error);

/// <summary>Where two threads part.</summary>
/// <param name="Step">The first change of state, counted from 1, that is not the same in both.</param>
/// <param name="Left">The state of the first thread there; null when it ended before.</param>
/// <param name="Right">The state of the second thread there; null when it ended before.</param>
/// <param name="Patch">What leads from the left state to the right one; null when one of them is missing.</param>
public sealed record StateDivergence(int Step, StateMoment? Left, StateMoment? Right, StatePatch? Patch);
