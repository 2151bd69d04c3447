namespace DashStream.State;

/// <summary>Settings of <see cref="StateCheckpoints"/>. Read once, when it is made.</summary>
public sealed class StateCheckpointOptions
{
    private const int HighestLevel = 22;

    /// <summary>Checkpoints of a thread that are kept; older ones go when a new one is saved. Default 10; 0 for no limit.</summary>
    public int KeepCount { get; set; } = 10;

    /// <summary>How long checkpoints are kept. Default null: for ever. The newest good one of a thread is kept whatever its age.</summary>
    public TimeSpan? KeepAge { get; set; }

    /// <summary>States are compressed from this many bytes on. Default 512, as the original does; at least 0.</summary>
    public int CompressionThresholdBytes { get; set; } = 512;

    /// <summary>The Zstandard level. Default 3; 1 to 22.</summary>
    public int CompressionLevel { get; set; } = 3;

    /// <summary>
    /// The largest state that goes into a <c>Checkpoint</c> message itself; the message of a larger one names its place in the store. Default 512 KiB, which fits
    /// the default limit of messages; at least 0.
    /// </summary>
    public int MaxInlineBytes { get; set; } = 512 * 1024;

    /// <summary>Limits of states.</summary>
    public StateOptions State { get; set; } = new();

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        (bool IsFault, string Text)[] checks =
        [
            (KeepCount < 0, $"{nameof(KeepCount)} is {KeepCount}; it cannot be negative"),
            (KeepAge <= TimeSpan.Zero, $"{nameof(KeepAge)} is {KeepAge}; it must be more than zero"),
            (CompressionThresholdBytes < 0, $"{nameof(CompressionThresholdBytes)} is {CompressionThresholdBytes}; it cannot be negative"),
            (CompressionLevel is < 1 or > HighestLevel, $"{nameof(CompressionLevel)} is {CompressionLevel}; allowed are 1 to {HighestLevel}"),
            (MaxInlineBytes < 0, $"{nameof(MaxInlineBytes)} is {MaxInlineBytes}; it cannot be negative"),
        ];
        return checks.Where(check => check.IsFault).Select(check => check.Text);
    }

    internal StateCheckpointOptions Checked()
    {
        OptionFaults.ThrowIfAny(nameof(StateCheckpointOptions), Faults());
        State.Validate();
        return (StateCheckpointOptions)MemberwiseClone();
    }
}
