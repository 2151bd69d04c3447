namespace DashStream.Stores;

/// <summary>
/// The last records of a topic, as they came to a store that watches it. It may be a moment behind: good for whoever waits, and no answer to whoever asks what is stored now.
/// Safe for concurrent use.
/// </summary>
public interface ILogTail
{
    /// <summary>The topic's stamp as far as it came. Taken before a read, it serves <see cref="ILogStore.WaitForAppendAsync"/> as well as the newest one.</summary>
    long Stamp { get; }

    /// <summary>
    /// Reads as <see cref="ILogStore.ReadAsync"/> does: all up to <see cref="Stamp"/>, and nothing when there was nothing from there on. Null when that is not known here, or not
    /// whether something lies between <paramref name="from"/> and the first record.
    /// </summary>
    IReadOnlyList<StreamRecord>? TryRead(int partition, UInt128 from, int maxRecords, int maxBytes);
}
