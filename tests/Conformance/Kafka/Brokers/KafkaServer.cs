using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Conformance.Kafka;

/// <summary>One Kafka that tests share, wherever it comes from.</summary>
/// <param name="BootstrapServers">Where clients connect, in the clear and without login.</param>
/// <param name="Origin">What was used, for people: printed once, and named in skips.</param>
/// <param name="IsReal">False for the mock inside librdkafka, which cannot answer everything.</param>
/// <param name="End">Ends it; does nothing to a server that was there before.</param>
internal sealed record KafkaServer(string BootstrapServers, string Origin, bool IsReal, Func<ValueTask> End) : IAsyncDisposable
{
    /// <summary>Names a server that is there and is kept: host:port, several parted by commas.</summary>
    public const string EndpointVariable = "DASHSTREAM_KAFKA";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The first there is: the endpoint in the environment, brokers started from KAFKA_HOME, a container, the mock cluster in librdkafka. An endpoint that is
    /// named and does not answer is not passed over: the tests that use it fail.
    /// </summary>
    public static async Task<KafkaServer> FindAsync(CancellationToken cancellationToken = default)
    {
        NativeClient.Require();
        if (Environment.GetEnvironmentVariable(EndpointVariable) is { Length: > 0 } endpoint)
        {
            await RequireAnswerAsync(endpoint);
            return new KafkaServer(endpoint, $"the server at {endpoint} ({EndpointVariable})", IsReal: true, () => ValueTask.CompletedTask);
        }

        var (distribution, missing) = await KafkaDistribution.FindAsync();
        if (distribution is not null)
        {
            var cluster = await KafkaCluster.StartAsync(cancellationToken: cancellationToken);
            return new KafkaServer(cluster.BootstrapServers, $"Apache Kafka {distribution.Version}, started from KAFKA_HOME", IsReal: true, cluster.DisposeAsync);
        }

        var (container, why) = await KafkaContainer.StartAsync(cancellationToken);
        return container ?? MockKafka.Start($"{missing} {why}");
    }

    /// <summary>Skips a test that the mock cannot answer.</summary>
    public void RequireReal()
    {
        if (!IsReal)
        {
            Assert.Inconclusive($"This case needs a real broker, and there is only {Origin}");
        }
    }

    public ValueTask DisposeAsync() => End();

    private static async Task RequireAnswerAsync(string endpoint)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = endpoint }).SetLogHandler((_, _) => { }).Build();
        try
        {
            await admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = Patience });
        }
        catch (KafkaException e)
        {
            throw new InvalidOperationException($"{EndpointVariable} names {endpoint}, and nobody answered there for {Patience.TotalSeconds:0} s: {e.Error.Reason}", e);
        }
    }
}
