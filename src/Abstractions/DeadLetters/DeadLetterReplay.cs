namespace DashStream;

/// <summary>What became of one letter in a replay.</summary>
/// <param name="Letter">The letter.</param>
/// <param name="Status">What was done.</param>
/// <param name="Topic">The topic it was meant for.</param>
/// <param name="Position">Where the message lies now; null unless it was sent.</param>
/// <param name="Why">Why it was refused; null otherwise.</param>
public sealed record DeadLetterReplay(StoredDeadLetter Letter, DeadLetterReplayStatus Status, string Topic, StreamPosition? Position = null, string? Why = null);

/// <summary>What a replay did with a letter.</summary>
public enum DeadLetterReplayStatus
{
    /// <summary>Its message was sent again and is stored.</summary>
    Replayed,

    /// <summary>A dry run: its message would have been sent.</summary>
    WouldReplay,

    /// <summary>Its message lies in the target topic already, from an earlier replay.</summary>
    AlreadyReplayed,

    /// <summary>Passed over by <see cref="DeadLetterReplayOptions.Edit"/>.</summary>
    Skipped,

    /// <summary>Its message cannot or must not be sent; the reason says why.</summary>
    Refused,
}
