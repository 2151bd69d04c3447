using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Conformance.Kafka;

/// <summary>One broker process of a <see cref="KafkaCluster"/>, with its ports, its data and its log. What is done to it is done one thing after the other.</summary>
internal sealed class KafkaNode : IAsyncDisposable
{
    private const int LinesInErrors = 30;

    private readonly KafkaDistribution _distribution;
    private readonly int _heapMegabytes;
    private Process? _process;

    public KafkaNode(int id, string clusterFolder, KafkaDistribution distribution, KafkaClusterOptions options)
    {
        Id = id;
        _distribution = distribution;
        _heapMegabytes = options.Nodes == 1 ? 512 : 256;
        Folder = Directory.CreateDirectory(Path.Combine(clusterFolder, $"node-{id}")).FullName;
        ListenPort = FreePorts.Next();
        InternalPort = FreePorts.Next();
        ControllerPort = FreePorts.Next();
        Proxy = options.ThroughProxy ? new TcpProxy(FreePorts.Next(), ListenPort) : null;
    }

    public int Id { get; }

    public string Folder { get; }

    public string DataFolder => Path.Combine(Folder, "data");

    /// <summary>Where the broker listens for clients.</summary>
    public int ListenPort { get; }

    /// <summary>Where clients connect: the proxy's port, or the broker's own.</summary>
    public int ClientPort => Proxy?.Port ?? ListenPort;

    public int InternalPort { get; }

    public int ControllerPort { get; }

    /// <summary>Between clients and this node; null unless the cluster was started with one.</summary>
    public TcpProxy? Proxy { get; }

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Everything the broker has printed so far, over all its starts.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    private string LogFile => Path.Combine(Folder, "broker.log");

    private string PropertiesFile => Path.Combine(Folder, "server.properties");

    /// <summary>Writes the properties and lets the distribution make the empty storage.</summary>
    public async Task FormatAsync(string properties, string clusterId, IEnumerable<string> scramUsers, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(PropertiesFile, properties, cancellationToken);
        string[] arguments = ["format", "-t", clusterId, "-c", PropertiesFile, .. scramUsers.SelectMany(user => new[] { "--add-scram", user })];
        await _distribution.RunAsync("kafka-storage.sh", arguments, cancellationToken);
    }

    /// <summary>Starts the broker and returns when it answers and sees <paramref name="nodes"/> nodes, itself among them.</summary>
    public async Task StartAsync(int nodes = 1, CancellationToken cancellationToken = default)
    {
        await LaunchAsync();
        var settings = new AdminClientConfig { BootstrapServers = $"127.0.0.1:{InternalPort}", ReconnectBackoffMs = 50, ReconnectBackoffMaxMs = 200 };
        using var admin = new AdminClientBuilder(settings).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        await Eventually.TrueAsync(() => AnswersAsync(admin, nodes), $"node {Id} to answer and to see {nodes} nodes", cancellationToken);
    }

    /// <summary>A crash: kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        _process = null;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        Reaper.Spare(process);
        process.Dispose();
    }

    /// <summary>A stop as an operator does it: SIGTERM, and the broker hands over what it leads before it ends.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        await Running.WaitForExitAsync().WaitAsync(Eventually.Patience);
        await KillAsync();
    }

    /// <summary>The broker hangs: its connections stay open and nothing is answered.</summary>
    public async Task SuspendAsync()
    {
        await SignalAsync("STOP");

        // On a busy machine the signal waits until the broker's first thread gets to run, and the others go on answering.
        var state = $"/proc/{Running.Id}/stat";
        if (OperatingSystem.IsLinux())
        {
            await Eventually.TrueAsync(() => File.ReadAllText(state).Split(')')[^1].TrimStart().StartsWith('T'), $"node {Id} to stand still");
        }
    }

    /// <summary>The broker goes on after <see cref="SuspendAsync"/>.</summary>
    public Task ResumeAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (Proxy is not null)
        {
            await Proxy.DisposeAsync();
        }
    }

    private Process Running => _process ?? throw new InvalidOperationException($"Node {Id} does not run.");

    private async Task LaunchAsync()
    {
        if (IsRunning)
        {
            throw new InvalidOperationException($"Node {Id} runs already.");
        }

        await KillAsync();
        // Each program replaces the one before it, so the process is the broker itself in the end; its log needs nobody to read it.
        var start = new ProcessStartInfo("/bin/sh",
            ["-c", "exec \"$0\" \"$1\" </dev/null >>\"$2\" 2>&1", _distribution.Tool("kafka-server-start.sh"), PropertiesFile, LogFile]);
        start.Environment["KAFKA_HEAP_OPTS"] = $"-Xmx{_heapMegabytes}m";
        start.Environment["LOG_DIR"] = Path.Combine(Folder, "logs");
        start.Environment.Remove("KAFKA_LOG4J_OPTS");
        start.Environment.Remove("KAFKA_OPTS");
        start.Environment.Remove("JMX_PORT");
        _process = Process.Start(start)!;
        Reaper.Watch(_process);
    }

    private async Task<bool> AnswersAsync(IAdminClient admin, int nodes)
    {
        if (!IsRunning)
        {
            throw new InvalidOperationException($"Node {Id} of Kafka ended while it started: {string.Join('\n', Log.Split('\n').TakeLast(LinesInErrors))}");
        }

        var cluster = await admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = TimeSpan.FromSeconds(2) });
        return cluster.Nodes.Count >= nodes && cluster.Nodes.Any(node => node.Id == Id);
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Running.Id}"]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"kill -{signal} {Running.Id} failed.");
        }
    }
}
