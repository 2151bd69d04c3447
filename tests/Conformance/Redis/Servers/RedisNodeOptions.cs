namespace DashStream.Conformance.Redis;

/// <summary>How a <see cref="RedisNode"/> runs. Without a word: open to all, in the clear, everything on disk.</summary>
internal sealed record RedisNodeOptions
{
    /// <summary>The listener for clients speaks TLS, with a certificate of its own authority.</summary>
    public bool IsEncrypted { get; init; }

    /// <summary>The listener lets in only who shows a certificate of that authority.</summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary>What <c>requirepass</c> asks of whom names no user; null asks nothing.</summary>
    public string? Password { get; init; }

    /// <summary>Who else may log in.</summary>
    public IReadOnlyList<RedisUser> Users { get; init; } = [];

    /// <summary>Clients come through a <see cref="TcpProxy"/>.</summary>
    public bool ThroughProxy { get; init; }

    /// <summary>Writes go to a log.</summary>
    public bool IsPersistent { get; init; } = true;

    /// <summary>
    /// When the log is forced onto the disk. With <c>everysec</c>, the server's own choice, a server that is killed while its disk is slow may have answered for up to
    /// two seconds of writes that its log does not hold.
    /// </summary>
    public string Fsync { get; init; } = "always";

    /// <summary>How much data the server takes before it refuses writes; null is no limit.</summary>
    public long? MaxMemoryBytes { get; init; }

    /// <summary>A node of a cluster.</summary>
    public bool IsClustered { get; init; }

    /// <summary>Further lines of the configuration file; they win.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];
}
