namespace DashStream.State;

/// <summary>A checkpoint that was saved, or loaded and found good. Immutable.</summary>
/// <param name="Name">What it is found by.</param>
/// <param name="Moment">The state, and the moment it belongs to.</param>
/// <param name="Metadata">What the application put beside it.</param>
public sealed record StateCheckpoint(CheckpointName Name, StateMoment Moment, IReadOnlyDictionary<string, string> Metadata);

/// <summary>What a recovery found.</summary>
/// <param name="Checkpoint">The newest good checkpoint; null when the thread has none.</param>
/// <param name="Bad">Newer ones that cannot be used, newest first, each with its reason.</param>
public sealed record CheckpointRecovery(StateCheckpoint? Checkpoint, IReadOnlyList<BadCheckpoint> Bad);

/// <summary>A stored checkpoint that cannot be used.</summary>
/// <param name="Name">What it is found by.</param>
/// <param name="Error">Why.</param>
public sealed record BadCheckpoint(CheckpointName Name, CheckpointException Error);
