using DashStream.Protocol;

namespace DashStream;

/// <summary>What became of the messages of all runs so far. An event in a batch counts as one message.</summary>
public sealed record RunCounts
{
    /// <summary>The counts of each kind of message; under <see cref="MessageType.Unspecified"/> what could not be made into one.</summary>
    public required IReadOnlyDictionary<MessageType, RunKindCounts> ByKind { get; init; }

    /// <summary>All kinds together.</summary>
    public required RunKindCounts Total { get; init; }

    /// <summary>The last thing that kept a message from being stored, or null.</summary>
    public Exception? LastError { get; init; }
}

/// <summary>What became of the messages of one kind. <see cref="Recorded"/> is the sum of all others.</summary>
/// <param name="Recorded">Told by the application, checkpoints and traces made from it included.</param>
/// <param name="Stored">Stored by the provider.</param>
/// <param name="Unchanged">States that were equal to the one before, for which nothing is sent.</param>
/// <param name="Dropped">Not taken: no room, or told after the end. They spend no number.</param>
/// <param name="Failed">Taken and then refused by the producer, or not known to be stored.</param>
/// <param name="Pending">Taken and not yet decided.</param>
public readonly record struct RunKindCounts(long Recorded, long Stored, long Unchanged, long Dropped, long Failed, long Pending);
