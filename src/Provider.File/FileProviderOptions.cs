using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>Settings of a <see cref="FileProvider"/>. Read once, when the provider is made.</summary>
public sealed class FileProviderOptions : LogProviderOptions
{
    /// <summary>When bytes are forced onto the disk. Default <see cref="FsyncPolicy.Interval"/>.</summary>
    public FsyncPolicy Fsync { get; set; } = FsyncPolicy.Interval;

    /// <summary>Time between two rounds of <see cref="FsyncPolicy.Interval"/>. Default 1 s; 10 ms to 1 h.</summary>
    public TimeSpan FsyncInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Size at which a partition goes on in a new segment file. Space is given back by whole segments. Default 64 MiB; 4 KiB to 1 GiB.</summary>
    public long SegmentBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Log bytes per index entry: smaller seeks faster and takes more memory. Default 32 KiB; 1 KiB to 4 MiB.</summary>
    public int IndexIntervalBytes { get; set; } = 32 * 1024;

    /// <summary>
    /// Most files that stay open between their uses: segments, and locks of partitions and groups. What is in use counts too and is never closed, so there may be
    /// more for a while. Default 512; 8 to 1,000,000.
    /// </summary>
    public int MaxOpenFiles { get; set; } = 512;

    /// <summary>How long to wait for a lock that another process holds before failing as transient. Default 5 s; 10 ms to 5 min.</summary>
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a waiting reader looks for appends of other processes by itself, should the file system not tell it. Default 250 ms; 10 ms to 1 min.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <inheritdoc/>
    public override IEnumerable<string> Faults()
    {
        foreach (var fault in base.Faults())
        {
            yield return fault;
        }

        if (!Enum.IsDefined(Fsync))
        {
            yield return $"{nameof(Fsync)} is {Fsync}; allowed are {string.Join(", ", Enum.GetNames<FsyncPolicy>())}";
        }

        if (FsyncInterval < TimeSpan.FromMilliseconds(10) || FsyncInterval > TimeSpan.FromHours(1))
        {
            yield return $"{nameof(FsyncInterval)} is {FsyncInterval}; allowed are 10 ms to 1 h";
        }

        if (SegmentBytes is < 4096 or > 1024L * 1024 * 1024)
        {
            yield return $"{nameof(SegmentBytes)} is {SegmentBytes}; allowed are 4 KiB to 1 GiB";
        }

        if (IndexIntervalBytes is < 1024 or > 4 * 1024 * 1024)
        {
            yield return $"{nameof(IndexIntervalBytes)} is {IndexIntervalBytes}; allowed are 1 KiB to 4 MiB";
        }

        if (MaxOpenFiles is < 8 or > 1_000_000)
        {
            yield return $"{nameof(MaxOpenFiles)} is {MaxOpenFiles}; allowed are 8 to 1,000,000";
        }

        if (LockTimeout < TimeSpan.FromMilliseconds(10) || LockTimeout > TimeSpan.FromMinutes(5))
        {
            yield return $"{nameof(LockTimeout)} is {LockTimeout}; allowed are 10 ms to 5 min";
        }

        if (PollInterval < TimeSpan.FromMilliseconds(10) || PollInterval > TimeSpan.FromMinutes(1))
        {
            yield return $"{nameof(PollInterval)} is {PollInterval}; allowed are 10 ms to 1 min";
        }
    }

    internal FileProviderOptions Copy() => (FileProviderOptions)MemberwiseClone();
}
