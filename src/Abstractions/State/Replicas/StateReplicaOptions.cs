namespace DashStream.State;

/// <summary>Limits of replicas. Read once, when a <see cref="StateReplica"/> or <see cref="StateReplicas"/> is made.</summary>
public sealed class StateReplicaOptions
{
    /// <summary>
    /// Patches of a thread that are kept because the one before them has not come yet. Default 64; at least 0. When more are kept, the oldest is given up and a
    /// full state is needed.
    /// </summary>
    public int MaxHeldMessages { get; set; } = 64;

    /// <summary>The same in encoded bytes. Default 1 MiB; at least 0.</summary>
    public int MaxHeldBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// Patches that may be kept before <see cref="StateReplica.ResyncNeeded"/> is raised. Default 0: at the first that does not fit. Raise it where messages
    /// overtake each other on their way; those read from a log never do.
    /// </summary>
    public int ReorderWindow { get; set; }

    /// <summary>Threads that a <see cref="StateReplicas"/> keeps; the one not used for longest goes first. Default 10,000; at least 1.</summary>
    public int MaxThreads { get; set; } = 10_000;

    /// <summary>Bytes of states that a <see cref="StateReplicas"/> keeps, by the same rule. Default 256 MiB; at least 1. One thread always stays.</summary>
    public long MaxTotalStateBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>Limits of states and patches.</summary>
    public StateOptions State { get; set; } = new();

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        (bool IsFault, string Text)[] checks =
        [
            (MaxHeldMessages < 0, $"{nameof(MaxHeldMessages)} is {MaxHeldMessages}; it cannot be negative"),
            (MaxHeldBytes < 0, $"{nameof(MaxHeldBytes)} is {MaxHeldBytes}; it cannot be negative"),
            (ReorderWindow < 0, $"{nameof(ReorderWindow)} is {ReorderWindow}; it cannot be negative"),
            (MaxThreads < 1, $"{nameof(MaxThreads)} is {MaxThreads}; the least is 1"),
            (MaxTotalStateBytes < 1, $"{nameof(MaxTotalStateBytes)} is {MaxTotalStateBytes}; the least is 1"),
        ];
        return checks.Where(check => check.IsFault).Select(check => check.Text);
    }

    internal StateReplicaOptions Checked()
    {
        OptionFaults.ThrowIfAny(nameof(StateReplicaOptions), Faults());
        State.Validate();
        return (StateReplicaOptions)MemberwiseClone();
    }
}
