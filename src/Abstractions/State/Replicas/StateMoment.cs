namespace DashStream.State;

/// <summary>The state of a thread at a moment, and where the moment lies. Immutable.</summary>
public sealed record StateMoment
{
    /// <summary>The thread.</summary>
    public required string ThreadId { get; init; }

    /// <summary>Its tenant; empty for none.</summary>
    public string TenantId { get; init; } = "";

    /// <summary>The state as UTF-8 JSON.</summary>
    public required ReadOnlyMemory<byte> State { get; init; }

    /// <summary>The state's hash.</summary>
    public required StateHash Hash { get; init; }

    /// <summary>The number of the message that led to it, within its thread and producer; 0 when it had none.</summary>
    public ulong Sequence { get; init; }

    /// <summary>Where that message lies in its log; null when it came another way.</summary>
    public StreamPosition? Position { get; init; }

    /// <summary>The identity of the producer that gave the number; empty when unknown.</summary>
    public string Producer { get; init; } = "";

    /// <summary>When that message was made, in microseconds since the Unix epoch, UTC; 0 when unknown.</summary>
    public long TimestampUs { get; init; }

    /// <summary>How the state came.</summary>
    public StateMomentKind Kind { get; init; }
}

/// <summary>How a state came.</summary>
public enum StateMomentKind
{
    /// <summary>By a patch from the state before.</summary>
    Patch,

    /// <summary>As a whole.</summary>
    Full,

    /// <summary>By a checkpoint.</summary>
    Checkpoint,

    /// <summary>It was given by the application, by <see cref="StateReplica.Restore"/>.</summary>
    Restored,
}
