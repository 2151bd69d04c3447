using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace DashStream.Conformance.Redis;

/// <summary>A real server of a test's own: on a port and in a folder of its own, and gone when disposed, or when the run ends in any other way.</summary>
internal sealed class RedisNode : IAsyncDisposable
{
    /// <summary>How long a session waits for the server's first answer.</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(2);

    private readonly RedisNodeOptions _options;
    private readonly RedisProgram _program;
    private readonly ServerProcess _process;

    private RedisNode(RedisNodeOptions options, RedisProgram program)
    {
        (_options, _program) = (options, program);
        Folder = Directory.CreateTempSubdirectory("dashstream-redis-").FullName;
        Reaper.Remove(Folder);
        PlainPort = FreePorts.Next();
        BusPort = FreePorts.Next();
        ListenPort = options.IsEncrypted ? FreePorts.Next() : PlainPort;
        Certificates = options.IsEncrypted ? new TestCertificates(Path.Combine(Folder, "certificates"), serverName: null) : null;
        Proxy = options.ThroughProxy ? new TcpProxy(FreePorts.Next(), ListenPort) : null;
        _process = new ServerProcess($"Redis at port {PlainPort}", Path.Combine(Folder, "server.log"));
    }

    public string Folder { get; }

    /// <summary>Where clients connect: the proxy's port, or the server's own.</summary>
    public int Port => Proxy?.Port ?? ListenPort;

    /// <summary>host:port for clients.</summary>
    public string Endpoint => $"127.0.0.1:{Port}";

    /// <summary>Where the server listens in the clear, with no proxy between; for the tests' own sessions.</summary>
    public int PlainPort { get; }

    /// <summary>Where the nodes of a cluster talk to each other.</summary>
    public int BusPort { get; }

    /// <summary>The files for TLS; null when clients come in the clear.</summary>
    public TestCertificates? Certificates { get; }

    /// <summary>Between clients and the server; null unless asked for.</summary>
    public TcpProxy? Proxy { get; }

    /// <summary>Which server, such as Redis 7.0.15.</summary>
    public string Origin => _program.Origin;

    public bool IsRunning => _process.IsRunning;

    /// <summary>Everything the server has printed so far, over all its starts.</summary>
    public string Log => _process.Log;

    private int ListenPort { get; }

    private string SettingsFile => Path.Combine(Folder, "redis.conf");

    /// <summary>Starts a server and returns when it answers. Without a program for it the test is skipped.</summary>
    public static async Task<RedisNode> StartAsync(RedisNodeOptions? options = null, CancellationToken cancellationToken = default)
    {
        var node = new RedisNode(options ?? new RedisNodeOptions(), await RedisProgram.RequireAsync());
        try
        {
            await File.WriteAllLinesAsync(node.SettingsFile, node.Settings(), cancellationToken);
            await node.StartAgainAsync(cancellationToken);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again on what it has on disk, and returns when it answers.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken = default)
    {
        await LaunchAsync();
        await Eventually.TrueAsync(AnswersAsync, $"the server at port {PlainPort} to answer", cancellationToken);
    }

    /// <summary>Starts it again and does not wait until it has read its data: before that it answers LOADING.</summary>
    public Task LaunchAsync() => _process.LaunchAsync(_program.Path, [SettingsFile]);

    /// <summary>A crash: kill -9.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>A stop as an operator does it: SIGTERM.</summary>
    public Task StopAsync() => _process.StopAsync();

    /// <summary>The server hangs: its connections stay open and nothing is answered.</summary>
    public Task SuspendAsync() => _process.SuspendAsync();

    /// <summary>The server goes on after <see cref="SuspendAsync"/>.</summary>
    public Task ResumeAsync() => _process.ResumeAsync();

    /// <summary>A session with all rights, past TLS and proxy.</summary>
    public Task<RedisSession> ConnectAsync() => RedisSession.ConnectAsync(PlainPort, password: _options.Password);

    /// <summary>Gives one command in a session of its own.</summary>
    public async Task<object?> CallAsync(params string[] command)
    {
        await using var session = await ConnectAsync();
        return await session.CallAsync(command);
    }

    /// <summary>What a client needs to come in by TLS: trust in the authority, and the certificate of alice when asked.</summary>
    public SslClientAuthenticationOptions Tls(string? authority = null, bool withCertificate = false)
    {
        var trusted = X509Certificate2.CreateFromPem(File.ReadAllText(authority ?? Certificates!.Authority));
        return new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { trusted }, RevocationMode = X509RevocationMode.NoCheck },
            ClientCertificates = withCertificate ? [X509Certificate2.CreateFromPemFile(Certificates!.ClientCertificate, Certificates.ClientKey)] : null,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (Proxy is not null)
        {
            await Proxy.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private async Task<bool> AnswersAsync()
    {
        _process.RequireRunning();
        try
        {
            return await CallAsync("PING").WaitAsync(AnswerPatience) is "PONG";
        }
        catch (Exception e) when (e is SocketException or IOException or TimeoutException or RedisAnswerException { Code: "LOADING" })
        {
            return false;
        }
    }

    private IEnumerable<string> Settings()
    {
        IEnumerable<string> basic =
        [
            "bind 127.0.0.1", $"port {PlainPort}", "protected-mode no", "daemonize no", $"dir {Folder}", "save \"\"", "enable-debug-command yes",
            $"appendonly {(_options.IsPersistent ? "yes" : "no")}", $"appendfsync {_options.Fsync}",
        ];
        IEnumerable<string> tls = Certificates is null ? [] :
        [
            $"tls-port {ListenPort}", $"tls-cert-file {Certificates.Server}", $"tls-key-file {Certificates.Server}", $"tls-ca-cert-file {Certificates.Authority}",
            $"tls-auth-clients {(_options.RequireClientCertificate ? "yes" : "no")}",
        ];
        IEnumerable<string> password = _options.Password is null ? [] : [$"requirepass {_options.Password}"];
        IEnumerable<string> memory = _options.MaxMemoryBytes is null ? [] : [$"maxmemory {_options.MaxMemoryBytes}", "maxmemory-policy noeviction"];
        IEnumerable<string> cluster = !_options.IsClustered ? [] : ["cluster-enabled yes", $"cluster-port {BusPort}", "cluster-node-timeout 2000"];
        return [.. basic, .. tls, .. password, .. memory, .. cluster, .. _options.Users.Select(user => $"user {user.Name} on >{user.Password} {user.Rules}"), .. _options.Settings];
    }
}
