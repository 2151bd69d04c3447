using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Conformance.Kafka;

/// <summary>Real brokers for one test: started from the distribution that KAFKA_HOME names, in a folder and on ports of their own, and gone when disposed.</summary>
internal sealed class KafkaCluster : IAsyncDisposable
{
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(5);
    private static readonly string[] ScramMechanisms = ["SCRAM-SHA-256", "SCRAM-SHA-512"];

    private readonly KafkaClusterOptions _options;
    private readonly string _folder;
    private readonly List<KafkaNode> _nodes = [];
    private IAdminClient? _admin;

    private KafkaCluster(KafkaClusterOptions options, KafkaDistribution distribution)
    {
        _options = options;
        Distribution = distribution;
        _folder = Directory.CreateTempSubdirectory("dashstream-kafka-").FullName;
        Reaper.Remove(_folder);
    }

    public KafkaDistribution Distribution { get; }

    public IReadOnlyList<KafkaNode> Nodes => _nodes;

    /// <summary>The first node, for clusters that have one.</summary>
    public KafkaNode Node => _nodes[0];

    /// <summary>Where clients connect.</summary>
    public string BootstrapServers => string.Join(',', _nodes.Select(node => $"127.0.0.1:{node.ClientPort}"));

    /// <summary>The fixture's own way in, whatever the listener for clients asks: nothing is refused here, and no proxy lies between.</summary>
    public IAdminClient Admin => _admin ?? throw new InvalidOperationException("The cluster was not started.");

    /// <summary>The files for TLS; null when the listener for clients does not speak it.</summary>
    public TestCertificates? Certificates { get; private set; }

    /// <summary>Starts a cluster and returns when every node has answered. Without a distribution or a Java the test is skipped.</summary>
    public static async Task<KafkaCluster> StartAsync(KafkaClusterOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new KafkaClusterOptions();
        options.Validate();
        NativeClient.Require();
        var cluster = new KafkaCluster(options, await KafkaDistribution.RequireAsync());
        try
        {
            await cluster.StartNodesAsync(cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The settings of a client that may come in: as that user where there is a login, with the client certificate where one is asked for.</summary>
    public ClientConfig ClientConfig(KafkaUser? user = null, SaslMechanism mechanism = SaslMechanism.ScramSha512)
    {
        var config = new ClientConfig { BootstrapServers = BootstrapServers, SecurityProtocol = _options.Security };
        if (Certificates is not null)
        {
            config.SslCaLocation = Certificates.Authority;
        }

        if (_options.RequireClientCertificate)
        {
            config.SslCertificateLocation = Certificates!.ClientCertificate;
            config.SslKeyLocation = Certificates.ClientKey;
        }

        if (_options.HasLogin)
        {
            config.SaslMechanism = mechanism;
            config.SaslUsername = (user ?? KafkaUser.Alice).Name;
            config.SaslPassword = (user ?? KafkaUser.Alice).Password;
        }

        return config;
    }

    /// <summary>Makes a topic, replicated to every node unless told otherwise, and returns when all its partitions have a leader.</summary>
    public async Task CreateTopicAsync(string name, int partitions = 1, short? replicas = null, Dictionary<string, string>? settings = null)
    {
        await Admin.CreateTopicsAsync([new TopicSpecification
        {
            Name = name,
            NumPartitions = partitions,
            ReplicationFactor = replicas ?? (short)_options.Nodes,
            Configs = settings,
        }]);
        await Eventually.TrueAsync(async () => (await LeadersAsync(name)).Count == partitions, $"leaders for {name}");
    }

    /// <summary>The node that leads a partition now.</summary>
    public async Task<KafkaNode> LeaderAsync(string topic, int partition = 0)
    {
        KafkaNode? leader = null;
        await Eventually.TrueAsync(async () => (await LeadersAsync(topic)).TryGetValue(partition, out leader), $"a leader for {topic}[{partition}]");
        return leader!;
    }

    /// <summary>The node that coordinates a group now.</summary>
    public async Task<KafkaNode> CoordinatorAsync(string groupId)
    {
        var found = await Admin.DescribeConsumerGroupsAsync([groupId]);
        return _nodes.Single(node => node.Id == found.ConsumerGroupDescriptions[0].Coordinator.Id);
    }

    /// <summary>The node that is the active controller now; clients are told any broker instead, which passes their requests on.</summary>
    public async Task<KafkaNode> ControllerAsync()
    {
        var status = await Distribution.RunAsync(
            "kafka-run-class.sh",
            ["org.apache.kafka.tools.MetadataQuorumCommand", "--bootstrap-server", $"127.0.0.1:{_nodes.First(static node => node.IsRunning).InternalPort}", "describe", "--status"]);
        var line = status.Split('\n').Single(static line => line.StartsWith("LeaderId:", StringComparison.Ordinal));
        return _nodes.Single(node => node.Id == int.Parse(line.Split(':')[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Allows a user everything on a topic and on every group; for clusters with access rules.</summary>
    public Task AllowAsync(KafkaUser user, string topic) =>
        AllowAsync(Rule(user, ResourceType.Topic, ResourcePatternType.Literal, topic), Rule(user, ResourceType.Group, ResourcePatternType.Literal, "*"));

    /// <summary>Allows a user everything on a topic, and nothing on any group; for clusters with access rules.</summary>
    public Task AllowTopicAsync(KafkaUser user, string topic) => AllowAsync(Rule(user, ResourceType.Topic, ResourcePatternType.Literal, topic));

    public async ValueTask DisposeAsync()
    {
        _admin?.Dispose();
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartNodesAsync(CancellationToken cancellationToken)
    {
        if (_options.IsEncrypted)
        {
            Certificates = new TestCertificates(Path.Combine(_folder, "certificates"), _options.CertificateName);
        }

        _nodes.AddRange(Enumerable.Range(1, _options.Nodes).Select(id => new KafkaNode(id, _folder, Distribution, _options)));
        var properties = new ServerProperties(_options, Distribution, Certificates);
        var clusterId = Convert.ToBase64String(Guid.NewGuid().ToByteArray())[..22].Replace('+', 'x').Replace('/', 'y');
        await Task.WhenAll(_nodes.Select(node => node.FormatAsync(properties.For(node, _nodes), clusterId, ScramUsers(), cancellationToken)));
        await Task.WhenAll(_nodes.Select(node => node.StartAsync(_options.Nodes, cancellationToken)));
        _admin = new AdminClientBuilder(new AdminClientConfig
        {
            BootstrapServers = string.Join(',', _nodes.Select(node => $"127.0.0.1:{node.InternalPort}")),
            ReconnectBackoffMaxMs = 500,
        }).SetLogHandler((_, _) => { }).Build();
    }

    // A rule is made at the controller; the broker that judges by it hears of it a moment later.
    private async Task AllowAsync(params AclBinding[] rules)
    {
        await Admin.CreateAclsAsync(rules);
        foreach (var rule in rules)
        {
            await Eventually.TrueAsync(async () => (await Admin.DescribeAclsAsync(rule.ToFilter())).AclBindings.Count > 0, $"the rule for {rule.Pattern.Name} to count");
        }
    }

    private static AclBinding Rule(KafkaUser user, ResourceType type, ResourcePatternType pattern, string name) => new()
    {
        Pattern = new ResourcePattern { Type = type, ResourcePatternType = pattern, Name = name },
        Entry = new AccessControlEntry { Principal = $"User:{user.Name}", Host = "*", Operation = AclOperation.All, PermissionType = AclPermissionType.Allow },
    };

    private IEnumerable<string> ScramUsers() => !_options.HasLogin ? [] :
        from user in _options.Users
        from mechanism in ScramMechanisms
        select $"{mechanism}=[name={user.Name},password={user.Password}]";

    /// <summary>By partition; a partition without a leader is left out.</summary>
    private async Task<Dictionary<int, KafkaNode>> LeadersAsync(string topic)
    {
        // Any broker answers this. Other admin requests go to the broker that librdkafka took for the controller when it last asked, and when that one is
        // dead it does not ask again for minutes; this request also tells it the new one.
        var metadata = await Task.Run(() => Admin.GetMetadata(topic, RequestPatience));
        return metadata.Topics[0].Partitions
            .Where(partition => _nodes.Any(node => node.Id == partition.Leader))
            .ToDictionary(partition => partition.PartitionId, partition => _nodes.Single(node => node.Id == partition.Leader));
    }
}
