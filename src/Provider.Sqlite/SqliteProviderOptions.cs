using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>Settings of the SQLite provider; the path of the database is an argument of the provider itself. Not to be changed after that was made.</summary>
public sealed class SqliteProviderOptions : LogProviderOptions
{
    /// <summary>What a completed send survives. Default <see cref="SqliteSynchronous.Normal"/>: a crash of the process.</summary>
    public SqliteSynchronous Synchronous { get; set; } = SqliteSynchronous.Normal;

    /// <summary>How long to wait for another process that holds the database's lock, before the call fails as transient. Default 5 s; 1 s to 10 min.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Most connections that read at the same time. Default 4; 1 to 64.</summary>
    public int ReaderConnections { get; set; } = 4;

    /// <summary>
    /// Size of the write-ahead log from which on its content is moved into the database by force. Default 64 MiB; 1 MiB to 16 GiB. A reader
    /// elsewhere that never ends can keep the log from shrinking; health then warns.
    /// </summary>
    public long MaxWalBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How often topics with a retention are trimmed while this provider is open. Default 30 s; 1 s to 1 day.</summary>
    public TimeSpan RetentionInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public override IEnumerable<string> Faults()
    {
        foreach (var fault in base.Faults())
        {
            yield return fault;
        }

        if (!Enum.IsDefined(Synchronous))
        {
            yield return $"{nameof(Synchronous)} is {Synchronous}; allowed are {string.Join(", ", Enum.GetNames<SqliteSynchronous>())}";
        }

        if (BusyTimeout < TimeSpan.FromSeconds(1) || BusyTimeout > TimeSpan.FromMinutes(10))
        {
            yield return $"{nameof(BusyTimeout)} is {BusyTimeout}; allowed are 1 s to 10 min";
        }

        if (ReaderConnections is < 1 or > 64)
        {
            yield return $"{nameof(ReaderConnections)} is {ReaderConnections}; allowed are 1 to 64";
        }

        if (MaxWalBytes is < 1024 * 1024 or > 16L * 1024 * 1024 * 1024)
        {
            yield return $"{nameof(MaxWalBytes)} is {MaxWalBytes}; allowed are 1 MiB to 16 GiB";
        }

        if (RetentionInterval < TimeSpan.FromSeconds(1) || RetentionInterval > TimeSpan.FromDays(1))
        {
            yield return $"{nameof(RetentionInterval)} is {RetentionInterval}; allowed are 1 s to 1 day";
        }
    }
}
