namespace DashStream.Providers;

/// <summary>What all parts of one open store share.</summary>
/// <param name="Folder">Where it lies.</param>
/// <param name="Options">Its settings.</param>
/// <param name="Time">Its clock, for record ages; waiting for other processes goes by real time.</param>
/// <param name="Journal">What it has to report.</param>
internal sealed record StoreContext(StoreFolder Folder, FileProviderOptions Options, TimeProvider Time, StoreJournal Journal)
{
    /// <summary>Types the errors of calls.</summary>
    public StoreGuard Guard { get; } = new(Folder.Root);

    /// <summary>What stays open between its uses.</summary>
    public OpenFiles OpenFiles { get; } = new(Options.MaxOpenFiles);

    /// <summary>Whether rare steps (a new file, a rename) are forced onto the disk.</summary>
    public bool IsDurable => Options.Fsync != FsyncPolicy.Never;

    public long NowUs => Time.GetUtcNow().Subtract(DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
