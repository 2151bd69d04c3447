using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>The fixture with a proxy before the broker: a cut or hanging network, with both ends alive.</summary>
[TestClass]
public sealed class ProxyTests
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    private static readonly SharedServer<KafkaCluster> Shared = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { ThroughProxy = true }));

    private KafkaCluster? _cluster;

    private KafkaCluster Cluster => _cluster!;

    private TcpProxy Proxy => Cluster.Node.Proxy!;

    [TestInitialize]
    public async Task StartAsync() => _cluster = await Shared.StartedAsync();

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    public async Task Clients_go_through_the_proxy_only()
    {
        await Cluster.CreateTopicAsync("through");
        var before = Proxy.Connections;

        await RawClient.WriteAsync(Cluster.ClientConfig(), "through", "one");

        Assert.IsGreaterThan(before, Proxy.Connections);
        await RawClient.AssertHoldsAsync(Cluster.ClientConfig(), "through", "one");
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task What_was_sent_while_the_network_was_away_arrives_when_it_is_back(bool cut)
    {
        var topic = $"away-{cut}";
        await Cluster.CreateTopicAsync(topic);
        await RawClient.WriteAsync(Cluster.ClientConfig(), topic, "before");

        Fail(cut);
        Assert.IsTrue(Cluster.Node.IsRunning);
        await Assert.ThrowsExactlyAsync<ProduceException<string, string>>(() => RawClient.WriteAsync(Cluster.ClientConfig(), topic, "given up", Short));
        var patient = RawClient.WriteAsync(Cluster.ClientConfig(), topic, "after");
        Proxy.Resume();
        await patient;

        await RawClient.AssertHoldsAsync(Cluster.ClientConfig(), topic, "before", "after");
    }

    [TestMethod]
    public async Task A_cut_ends_connections_that_were_open()
    {
        var lost = new TaskCompletionSource<Error>(TaskCreationOptions.RunContinuationsAsynchronously);
        await Cluster.CreateTopicAsync("open");
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig(Cluster.ClientConfig()) { ReconnectBackoffMaxMs = 200 })
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, error) => lost.TrySetResult(error))
            .Build();
        await producer.ProduceAsync("open", new Message<string, string> { Value = "before" });

        Proxy.Cut();
        var error = await lost.Task.WaitAsync(Eventually.Patience);
        Proxy.Resume();
        await producer.ProduceAsync("open", new Message<string, string> { Value = "after" });

        Assert.Contains(error.Code, new[] { ErrorCode.Local_Transport, ErrorCode.Local_AllBrokersDown });
        await RawClient.AssertHoldsAsync(Cluster.ClientConfig(), "open", "before", "after");
    }

    private void Fail(bool cut)
    {
        if (cut)
        {
            Proxy.Cut();
        }
        else
        {
            Proxy.Hang();
        }
    }
}
