namespace DashStream;

/// <summary>What a provider promises. The conformance suite holds it to every line: claimed and absent fails, present and unclaimed fails.</summary>
public sealed record ProviderCapabilities
{
    /// <summary>What a completed send survives.</summary>
    public required StreamDurability Durability { get; init; }

    /// <summary>Records, topics and commits are still there when the provider is disposed and opened again.</summary>
    public required bool Persistent { get; init; }

    /// <summary>Several processes may use the store at once.</summary>
    public required bool MultiProcess { get; init; }

    /// <summary>Finest time step that survives, in microseconds: 1, or 1000 where the backend keeps milliseconds.</summary>
    public long TimestampResolutionUs { get; init; } = 1;

    /// <summary>Retention by age.</summary>
    public bool RetentionByAge { get; init; }

    /// <summary>Retention by size.</summary>
    public bool RetentionBySize { get; init; }

    /// <summary>
    /// Retention is exact to the record. False where the backend removes whole segments at a time of its own, so that more may be kept for longer; less never is.
    /// </summary>
    public bool ExactRetention { get; init; } = true;

    /// <summary>Retention can be applied at once through <see cref="IStreamAdmin.ApplyRetentionAsync"/>.</summary>
    public bool RetentionOnDemand { get; init; }

    /// <summary>Groups have their own members and fenced commits.</summary>
    public bool Groups { get; init; } = true;

    /// <summary>A removed range is told to a running reader as a gap.</summary>
    public bool ReportsGaps { get; init; } = true;

    /// <summary>Counts records exactly, so lag is never null.</summary>
    public bool CountsRecords { get; init; }

    /// <summary>Largest record (key, value and headers) in bytes; larger ones are refused before anything is stored.</summary>
    public required long MaxRecordBytes { get; init; }
}

/// <summary>What a completed send survives.</summary>
public enum StreamDurability
{
    /// <summary>Nothing: it is gone with the process.</summary>
    Process,

    /// <summary>A crash of the process, not of the machine.</summary>
    Machine,

    /// <summary>A crash of the machine: it is on the disk.</summary>
    Disk,

    /// <summary>The loss of a machine: other nodes hold it.</summary>
    Replicated,
}
