using Confluent.Kafka;
using Confluent.Kafka.Admin;
using DashStream.Conformance.Kafka;
using DashStream.Providers;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace DashStream.Bench.Kafka;

/// <summary>The broker of one case: the server that DASHSTREAM_KAFKA names, or one started from KAFKA_HOME that ends with the case.</summary>
internal sealed class KafkaBroker : IAsyncDisposable
{
    public const int Partitions = 4;

    private const int WarmUpRecords = 1_000_000;
    private const int WarmUpRounds = 2;
    private const int WarmUpWindow = 10_000;

    private static readonly Dictionary<string, string> BoundedLog = new()
    {
        ["retention.bytes"] = "134217728", ["segment.bytes"] = "67108864", ["retention.ms"] = "3600000",
    };

    private readonly KafkaServer _server;
    private readonly List<string> _topics = [];

    private KafkaBroker(KafkaServer server, KafkaDistribution? distribution)
    {
        _server = server;
        Distribution = distribution;
    }

    public string Servers => _server.BootstrapServers;

    /// <summary>Kafka's own tools; null when KAFKA_HOME names none.</summary>
    public KafkaDistribution? Distribution { get; }

    /// <exception cref="BenchSkippedException">There is no broker and no way to start one.</exception>
    public static async Task<KafkaBroker> StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var server = await KafkaServer.FindAsync(cancellationToken);
            if (!server.IsReal)
            {
                await server.DisposeAsync();
                throw new BenchSkippedException($"This needs a real broker: name one in {KafkaServer.EndpointVariable} or an Apache Kafka in {KafkaDistribution.HomeVariable}.");
            }

            var broker = new KafkaBroker(server, (await KafkaDistribution.FindAsync()).Found);
            await broker.WarmUpAsync();
            return broker;
        }
        catch (AssertInconclusiveException e)
        {
            throw new BenchSkippedException(e.Message);
        }
    }

    /// <summary>Makes a topic of a name that nobody else uses.</summary>
    /// <param name="subject">What the name begins with.</param>
    /// <param name="bounded">Whether old segments go, so that rounds do not fill the disk.</param>
    public async Task<string> CreateTopicAsync(string subject, bool bounded)
    {
        var name = $"bench-{subject}-{Guid.NewGuid():N}";
        using var admin = Admin();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = Partitions, Configs = bounded ? BoundedLog : null }]);
        _topics.Add(name);
        return name;
    }

    /// <summary>The provider, with what is measured set alike on all sides.</summary>
    /// <param name="linger">How long the sending client waits for more.</param>
    public KafkaProvider Provider(TimeSpan linger) => new(Options(linger));

    /// <summary>The settings that the provider gives its sending client: the plain client gets the same.</summary>
    public async Task<ProducerConfig> ProducerConfigAsync(TimeSpan linger, string topic)
    {
        ProducerConfig? config = null;
        var options = Options(linger);
        options.ConfigureProducer = given => config = new ProducerConfig(given.ToDictionary());
        await using var provider = new KafkaProvider(options);
        await using var producer = await provider.OpenProducerAsync(topic);
        return config!;
    }

    /// <summary>The settings that the provider gives a reading client.</summary>
    public async Task<ConsumerConfig> ConsumerConfigAsync(string topic, string group)
    {
        ConsumerConfig? config = null;
        var options = Options(TimeSpan.Zero);
        options.ConfigureConsumer = given => config = new ConsumerConfig(given.ToDictionary());
        await using var provider = new KafkaProvider(options);
        await using var consumer = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = group });
        return config!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_topics.Count > 0)
        {
            using var admin = Admin();
            await admin.DeleteTopicsAsync(_topics);
        }

        await _server.DisposeAsync();
    }

    // A broker that was just started compiles its own code for a while, on the same cores: that is nobody's cost.
    private async Task WarmUpAsync()
    {
        var topic = await CreateTopicAsync("warm-up", bounded: true);
        using var producer = new RawProducer(await ProducerConfigAsync(TimeSpan.FromMilliseconds(5), topic), topic, WarmUpWindow);
        var messages = new RunMessages();
        for (var round = 0; round < WarmUpRounds; round++)
        {
            producer.Send(messages, WarmUpRecords);
            var config = await ConsumerConfigAsync(topic, $"warm-up-{Guid.NewGuid():N}");
            RawConsumer.Read(config, topic, WarmUpRecords / 2);
        }
    }

    private IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Servers }).SetLogHandler((_, _) => { }).Build();

    private KafkaProviderOptions Options(TimeSpan linger) => new() { BootstrapServers = Servers, Linger = linger };
}

/// <summary>Settings as a dictionary, which is what the plain client's copy constructors take.</summary>
internal static class ConfigExtensions
{
    public static Dictionary<string, string> ToDictionary(this Config config) => config.ToDictionary(setting => setting.Key, setting => setting.Value);
}
