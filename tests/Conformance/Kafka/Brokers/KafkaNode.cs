using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Conformance.Kafka;

/// <summary>One broker process of a <see cref="KafkaCluster"/>, with its ports, its data and its log. What is done to it is done one thing after the other.</summary>
internal sealed class KafkaNode : IAsyncDisposable
{
    private readonly KafkaDistribution _distribution;
    private readonly int _heapMegabytes;
    private readonly ServerProcess _process;

    public KafkaNode(int id, string clusterFolder, KafkaDistribution distribution, KafkaClusterOptions options)
    {
        Id = id;
        _distribution = distribution;
        _heapMegabytes = options.Nodes == 1 ? 512 : 256;
        Folder = Directory.CreateDirectory(Path.Combine(clusterFolder, $"node-{id}")).FullName;
        _process = new ServerProcess($"Kafka node {id}", Path.Combine(Folder, "broker.log"));
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

    public bool IsRunning => _process.IsRunning;

    /// <summary>Everything the broker has printed so far, over all its starts.</summary>
    public string Log => _process.Log;

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
    public Task KillAsync() => _process.KillAsync();

    /// <summary>A stop as an operator does it: SIGTERM, and the broker hands over what it leads before it ends.</summary>
    public Task StopAsync() => _process.StopAsync();

    /// <summary>The broker hangs: its connections stay open and nothing is answered.</summary>
    public Task SuspendAsync() => _process.SuspendAsync();

    /// <summary>The broker goes on after <see cref="SuspendAsync"/>.</summary>
    public Task ResumeAsync() => _process.ResumeAsync();

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (Proxy is not null)
        {
            await Proxy.DisposeAsync();
        }
    }

    private Task LaunchAsync() => _process.LaunchAsync(_distribution.Tool("kafka-server-start.sh"), [PropertiesFile], new Dictionary<string, string?>
    {
        ["KAFKA_HEAP_OPTS"] = $"-Xmx{_heapMegabytes}m",
        ["LOG_DIR"] = Path.Combine(Folder, "logs"),
        ["KAFKA_LOG4J_OPTS"] = null,
        ["KAFKA_OPTS"] = null,
        ["JMX_PORT"] = null,
    });

    private async Task<bool> AnswersAsync(IAdminClient admin, int nodes)
    {
        _process.RequireRunning();
        var cluster = await admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = TimeSpan.FromSeconds(2) });
        return cluster.Nodes.Count >= nodes && cluster.Nodes.Any(node => node.Id == Id);
    }
}
