using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>Settings of a <see cref="MemoryProvider"/>.</summary>
public sealed class MemoryProviderOptions : LogProviderOptions
{
    /// <summary>Most records a partition holds. Default 5,000,000; at least 1.</summary>
    public long MaxRecordsPerPartition { get; set; } = 5_000_000;

    /// <summary>Most bytes of keys, values and headers over all topics. Default 512 MiB; at least <see cref="LogProviderOptions.MaxRecordBytes"/>.</summary>
    public long MaxBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>What happens at either limit. Default: sends are refused.</summary>
    public MemoryFullPolicy WhenFull { get; set; } = MemoryFullPolicy.Refuse;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults()
    {
        foreach (var fault in base.Faults())
        {
            yield return fault;
        }

        if (MaxRecordsPerPartition < 1)
        {
            yield return $"{nameof(MaxRecordsPerPartition)} is {MaxRecordsPerPartition}; the least is 1";
        }

        if (MaxBytes < MaxRecordBytes)
        {
            yield return $"{nameof(MaxBytes)} is {MaxBytes}; the least is {nameof(MaxRecordBytes)} ({MaxRecordBytes})";
        }

        if (!Enum.IsDefined(WhenFull))
        {
            yield return $"{nameof(WhenFull)} is {WhenFull}; allowed are {string.Join(", ", Enum.GetNames<MemoryFullPolicy>())}";
        }
    }
}
