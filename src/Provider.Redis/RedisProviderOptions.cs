using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>Settings of the Redis provider. Not to be changed after the provider was made.</summary>
public sealed class RedisProviderOptions : LogProviderOptions
{
    /// <summary>Makes options of which <see cref="LogProviderOptions.MaxBatchRecords"/> is 1000: a batch is one step of the server, which others wait for and whose data outgrow its caches.</summary>
    public RedisProviderOptions() => MaxBatchRecords = 1000;

    /// <summary>Where the server is and how to be let in.</summary>
    public RedisConnectionOptions Connection { get; } = new();

    /// <summary>What the names of all our keys begin with, so that several stores share a database. Default <c>ds</c>; 1 to 64 letters, digits, <c>.</c>, <c>_</c> or <c>-</c>.</summary>
    public string KeyPrefix { get; set; } = "ds";

    /// <summary>Connections that records are written over; a producer keeps to one of them. Default 1; 1 to 16.</summary>
    public int WriteConnections { get; set; } = 1;

    /// <summary>
    /// Whether each partition of a topic has a cluster slot of its own, so that a topic spreads over the nodes. Default false: a topic lives in one slot, and a batch for
    /// several partitions is stored whole or not at all. All users of a store must agree.
    /// </summary>
    public bool SpreadPartitions { get; set; }

    /// <summary>Replicas that must have a batch before its sends complete (WAIT). Default 0: the server alone; 0 to 16.</summary>
    public int MinReplicas { get; set; }

    /// <summary>Whether trimming may leave up to a hundred records more than asked for, which is much cheaper (<c>XTRIM ~</c>). Default false: exact.</summary>
    public bool ApproximateTrim { get; set; }

    /// <summary>
    /// Whether retention removes records that a group of the topic has not committed yet. Default false: they stay, and health says which group holds them back. A trim
    /// that is asked for removes them always.
    /// </summary>
    public bool TrimUnread { get; set; }

    /// <summary>Whether XPENDING and XINFO CONSUMERS show what each member holds (delivered, not committed). Default true; false saves the server some work.</summary>
    public bool TrackPending { get; set; } = true;

    /// <summary>How often topics with a retention are trimmed while this provider is open. Default 30 s; 1 s to 1 day.</summary>
    public TimeSpan RetentionInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public override IEnumerable<string> Faults()
    {
        foreach (var fault in base.Faults().Concat(Connection.Faults().Select(static fault => $"{nameof(Connection)}: {fault}")))
        {
            yield return fault;
        }

        if (KeyText.PrefixFault(nameof(KeyPrefix), KeyPrefix) is { } prefixFault)
        {
            yield return prefixFault;
        }

        if (WriteConnections is < 1 or > 16)
        {
            yield return $"{nameof(WriteConnections)} is {WriteConnections}; allowed are 1 to 16";
        }

        if (MinReplicas is < 0 or > 16)
        {
            yield return $"{nameof(MinReplicas)} is {MinReplicas}; allowed are 0 to 16";
        }

        if (RetentionInterval < TimeSpan.FromSeconds(1) || RetentionInterval > TimeSpan.FromDays(1))
        {
            yield return $"{nameof(RetentionInterval)} is {RetentionInterval}; allowed are 1 s to 1 day";
        }
    }
}
