namespace DashStream.Stores;

/// <summary>Settings that every provider built on <see cref="ILogStore"/> shares; its own options class derives from this one.</summary>
public class LogProviderOptions
{
    /// <summary>Whether the first use of a missing topic creates it (default) or fails with <see cref="StreamErrorKind.NotFound"/>.</summary>
    public bool CreateMissingTopics { get; set; } = true;

    /// <summary>Partitions of topics made on first use. Default 4; 1 to 1024.</summary>
    public int DefaultPartitions { get; set; } = 4;

    /// <summary>Which hash sends a key to its partition. Default CRC-32, as librdkafka does.</summary>
    public KeyHash KeyHash { get; set; } = KeyHash.Crc32;

    /// <summary>Largest record (key, value and headers). Default 10 MiB; 1 KiB to 256 MiB.</summary>
    public int MaxRecordBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>Every send is decided within this time. Default 30 s; 10 ms to 1 h.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes a producer holds that are not yet stored; beyond it sends are refused as throttled. Default 64 MiB; at least <see cref="MaxRecordBytes"/>.</summary>
    public long MaxPendingBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Most records written in one step. Default 2000; 1 to 100,000.</summary>
    public int MaxBatchRecords { get; set; } = 2000;

    /// <summary>Most bytes written in one step, except that one record always fits. Default 4 MiB; 1 KiB to 256 MiB.</summary>
    public int MaxBatchBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Names every value that is out of range, with the range. Empty when all is well. Providers add their own.</summary>
    public virtual IEnumerable<string> Faults()
    {
        if (DefaultPartitions is < 1 or > TopicSpec.MaxPartitions)
        {
            yield return $"{nameof(DefaultPartitions)} is {DefaultPartitions}; allowed are 1 to {TopicSpec.MaxPartitions}";
        }

        if (!Enum.IsDefined(KeyHash))
        {
            yield return $"{nameof(KeyHash)} is {KeyHash}; allowed are {string.Join(", ", Enum.GetNames<KeyHash>())}";
        }

        if (MaxRecordBytes is < 1024 or > 256 * 1024 * 1024)
        {
            yield return $"{nameof(MaxRecordBytes)} is {MaxRecordBytes}; allowed are 1 KiB to 256 MiB";
        }

        if (SendTimeout < TimeSpan.FromMilliseconds(10) || SendTimeout > TimeSpan.FromHours(1))
        {
            yield return $"{nameof(SendTimeout)} is {SendTimeout}; allowed are 10 ms to 1 h";
        }

        if (MaxPendingBytes < MaxRecordBytes)
        {
            yield return $"{nameof(MaxPendingBytes)} is {MaxPendingBytes}; the least is {nameof(MaxRecordBytes)} ({MaxRecordBytes})";
        }

        if (MaxBatchRecords is < 1 or > 100_000)
        {
            yield return $"{nameof(MaxBatchRecords)} is {MaxBatchRecords}; allowed are 1 to 100,000";
        }

        if (MaxBatchBytes is < 1024 or > 256 * 1024 * 1024)
        {
            yield return $"{nameof(MaxBatchBytes)} is {MaxBatchBytes}; allowed are 1 KiB to 256 MiB";
        }
    }

    /// <summary>Throws when <see cref="Faults"/> finds anything.</summary>
    /// <exception cref="StreamException">Values are out of range (<see cref="StreamErrorKind.InvalidRequest"/>); the message names each.</exception>
    public void Validate()
    {
        var faults = string.Join("; ", Faults());
        if (faults.Length > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"{GetType().Name}: {faults}.");
        }
    }
}
