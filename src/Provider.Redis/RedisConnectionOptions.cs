namespace DashStream.Providers;

/// <summary>
/// Where the server is and how to be let in. Shared by everything of ours that talks to Redis. Checked before anything is sent; no secret ever appears in a
/// text of ours.
/// </summary>
public sealed class RedisConnectionOptions
{
    private const int MaxDatabase = 16_383;

    /// <summary>
    /// The servers: <c>HOST:PORT</c>, several parted by commas (nodes of one cluster, replicas of one server, or sentinels). Without a port it is 6379, or 26379 for
    /// sentinels. Default <c>localhost:6379</c>.
    /// </summary>
    public string Endpoints { get; set; } = "localhost:6379";

    /// <summary>Name of the master that the sentinels at <see cref="Endpoints"/> watch. Null (default): the endpoints are the servers themselves.</summary>
    public string? SentinelMaster { get; set; }

    /// <summary>Number of the database. Default 0; a cluster has no other.</summary>
    public int Database { get; set; }

    /// <summary>User of the server's access list. Null (default): the server's user <c>default</c>. Needs <see cref="Password"/>.</summary>
    public string? User { get; set; }

    /// <summary>The password. Null (default): none is shown.</summary>
    public string? Password { get; set; }

    /// <summary>Whether the connection is protected by TLS. Default false.</summary>
    public bool Tls { get; set; }

    /// <summary>Name that the server's certificate must carry. Null (default): the host that was connected to.</summary>
    public string? TlsHost { get; set; }

    /// <summary>File with the certificates that vouch for the server (PEM). Null (default): the system's.</summary>
    public string? TlsCaFile { get; set; }

    /// <summary>File with the client's certificate (PEM), for servers that ask for one. Needs <see cref="TlsKeyFile"/>.</summary>
    public string? TlsCertificateFile { get; set; }

    /// <summary>File with the client's private key (PEM, without a password). Needs <see cref="TlsCertificateFile"/>.</summary>
    public string? TlsKeyFile { get; set; }

    /// <summary>How long making a connection may take. Default 5 s; 100 ms to 5 min.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a command may take before its connection counts as lost. Default 5 s; 100 ms to 5 min.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);

    internal bool UsesSentinel => !string.IsNullOrEmpty(SentinelMaster);

    /// <summary>Endpoints, database and user; never a secret.</summary>
    public override string ToString() =>
        $"{(Tls ? "rediss" : "redis")}://{(string.IsNullOrEmpty(User) ? "" : $"{User}@")}{RedisEndpoints.Normalize(Endpoints)}/{Database}"
        + (UsesSentinel ? $" (master '{SentinelMaster}')" : "");

    /// <summary>Names everything that is wrong. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        foreach (var fault in RedisEndpoints.Faults(Endpoints))
        {
            yield return $"{nameof(Endpoints)} {fault}";
        }

        if (Database is < 0 or > MaxDatabase)
        {
            yield return $"{nameof(Database)} is {Database}; allowed are 0 to {MaxDatabase}";
        }

        if (!string.IsNullOrEmpty(User) && string.IsNullOrEmpty(Password))
        {
            yield return $"{nameof(User)} is set and {nameof(Password)} is not";
        }

        if (ConnectTimeout < TimeSpan.FromMilliseconds(100) || ConnectTimeout > TimeSpan.FromMinutes(5))
        {
            yield return $"{nameof(ConnectTimeout)} is {ConnectTimeout}; allowed are 100 ms to 5 min";
        }

        if (CommandTimeout < TimeSpan.FromMilliseconds(100) || CommandTimeout > TimeSpan.FromMinutes(5))
        {
            yield return $"{nameof(CommandTimeout)} is {CommandTimeout}; allowed are 100 ms to 5 min";
        }

        foreach (var fault in TlsFaults())
        {
            yield return fault;
        }
    }

    /// <summary>Throws when <see cref="Faults"/> finds anything.</summary>
    /// <exception cref="StreamException">Values are wrong (<see cref="StreamErrorKind.InvalidRequest"/>); the message names each.</exception>
    public void Validate()
    {
        var faults = string.Join("; ", Faults());
        if (faults.Length > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"{nameof(RedisConnectionOptions)}: {faults}.");
        }
    }

    private IEnumerable<string> TlsFaults()
    {
        var files = new[] { (nameof(TlsCaFile), TlsCaFile), (nameof(TlsCertificateFile), TlsCertificateFile), (nameof(TlsKeyFile), TlsKeyFile) };
        if (!Tls && (!string.IsNullOrEmpty(TlsHost) || files.Any(static file => !string.IsNullOrEmpty(file.Item2))))
        {
            yield return $"certificates or {nameof(TlsHost)} are set and {nameof(Tls)} is false; set it";
        }

        if (string.IsNullOrEmpty(TlsCertificateFile) != string.IsNullOrEmpty(TlsKeyFile))
        {
            yield return $"only one of {nameof(TlsCertificateFile)} and {nameof(TlsKeyFile)} is set; set both or neither";
        }

        foreach (var (name, file) in files)
        {
            if (!string.IsNullOrEmpty(file) && !File.Exists(file))
            {
                yield return $"{name} '{file}' does not exist";
            }
        }
    }
}
