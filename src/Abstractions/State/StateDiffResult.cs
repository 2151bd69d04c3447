namespace DashStream.State;

/// <summary>What <see cref="StateDiffer"/> found. Immutable.</summary>
public sealed class StateDiffResult
{
    internal StateDiffResult(StatePatch patch, long patchSize, int fullStateSize)
    {
        Patch = patch;
        PatchSize = patchSize;
        FullStateSize = fullStateSize;
    }

    /// <summary>The operations that lead to the new state; none when the states are equal.</summary>
    public StatePatch Patch { get; }

    /// <summary>
    /// The size of the compact patch that the DashFlow implementation makes of the same two states, in bytes. Our <see cref="Patch"/> is
    /// as long or shorter.
    /// </summary>
    public long PatchSize { get; }

    /// <summary>The size of the new state as canonical JSON, in bytes.</summary>
    public int FullStateSize { get; }

    /// <summary>
    /// True when the patch is larger than 110 % of the new state (rounded down), so that the whole state is to be sent. Which patch is
    /// measured is said by <see cref="StateOptions.FullStateRule"/>.
    /// </summary>
    public bool UseFullState { get; internal init; }

    /// <summary>The hash of the new state.</summary>
    public StateHash StateHash { get; internal init; }

    /// <summary>The SHA-256 of <see cref="Patch"/>'s text.</summary>
    public StateHash PatchHash { get; internal init; }
}
