namespace DashStream.Analysis;

/// <summary>How a topic of the original's stores is copied.</summary>
public sealed class OriginalImportOptions
{
    /// <summary>
    /// Partitions of the target topic when it has to be made. Default 1, the original's own number, so that its order across threads stays too; 1 to 1024.
    /// </summary>
    public int Partitions { get; set; } = 1;

    /// <summary>Whether the target topic may hold records already. Default no: the same import twice would double everything.</summary>
    public bool Append { get; set; }

    /// <summary>Whether payloads that are no message are kept as they are, without a key. Default no: they are reported and left out.</summary>
    public bool KeepUndecodable { get; set; }

    /// <summary>Hears every entry that was not copied as it should be, as it comes. Default null.</summary>
    public Action<string>? Reported { get; set; }

    /// <summary>Hears how many entries were read so far, now and then. Default null.</summary>
    public Action<long>? Progress { get; set; }
}

/// <summary>What an import did. The counts of entries add up: <paramref name="Read"/> is the sum of the three that follow it.</summary>
/// <param name="Read">Entries found in the source.</param>
/// <param name="Imported">Entries stored in the target as messages.</param>
/// <param name="KeptRaw">Entries stored as they are although they are no message.</param>
/// <param name="Skipped">Entries that could not be read or decoded and are not in the target.</param>
/// <param name="Groups">Groups whose position was carried over, and where they read on in the target.</param>
/// <param name="GroupFaults">Groups whose position was not carried over, with the reason.</param>
public sealed record OriginalImportReport(
    long Read, long Imported, long KeptRaw, long Skipped, IReadOnlyList<OriginalGroup> Groups, IReadOnlyList<string> GroupFaults);
