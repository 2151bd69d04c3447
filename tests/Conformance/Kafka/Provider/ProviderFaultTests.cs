using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Our provider while brokers die, hang and cannot be reached: sent equals delivered, in order, and nothing again that was committed.</summary>
[TestClass]
public sealed class ProviderFaultTests
{
    [TestInitialize]
    public void Begin() => Deep.Require();

    private const string Topic = "load";
    private const int Partitions = 4;
    private const int Keys = 100;
    private static readonly int Records = Environment.GetEnvironmentVariable("DASHSTREAM_DEEP") == "1" ? 100_000 : 30_000;

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_broker_killed_twice_costs_nothing(KafkaGroupProtocol protocol)
    {
        await using var cluster = await KafkaCluster.StartAsync();

        await RunAsync(cluster, protocol, async number =>
        {
            if (number == Records / 3 / 1_000 * 1_000 || number == Records * 2 / 3 / 1_000 * 1_000)
            {
                await cluster.Node.KillAsync();
                await cluster.Node.StartAsync();
            }
        });
    }

    [TestMethod]
    public async Task A_broker_that_hangs_for_20_seconds_costs_nothing()
    {
        await using var cluster = await KafkaCluster.StartAsync();

        await RunAsync(cluster, KafkaGroupProtocol.Classic, async number =>
        {
            if (number == Records / 2)
            {
                await cluster.Node.SuspendAsync();
                _ = ResumeLaterAsync(cluster, TimeSpan.FromSeconds(20));
            }
        });

        static async Task ResumeLaterAsync(KafkaCluster cluster, TimeSpan delay)
        {
            await Task.Delay(delay);
            await cluster.Node.ResumeAsync();
        }
    }

    [TestMethod]
    public async Task A_network_cut_for_15_seconds_costs_nothing()
    {
        await using var cluster = await KafkaCluster.StartAsync(new KafkaClusterOptions { ThroughProxy = true });

        await RunAsync(cluster, KafkaGroupProtocol.Classic, async number =>
        {
            if (number == Records / 2)
            {
                cluster.Node.Proxy!.Cut();
                _ = ResumeLaterAsync(cluster, TimeSpan.FromSeconds(15));
            }

            await Task.CompletedTask;
        });

        static async Task ResumeLaterAsync(KafkaCluster cluster, TimeSpan delay)
        {
            await Task.Delay(delay);
            cluster.Node.Proxy!.Resume();
        }
    }

    [TestMethod]
    public async Task A_leader_that_dies_in_a_cluster_of_three_costs_nothing()
    {
        await using var cluster = await KafkaCluster.StartAsync(new KafkaClusterOptions { Nodes = 3 });
        KafkaNode? killed = null;

        await RunAsync(cluster, KafkaGroupProtocol.Classic, async number =>
        {
            if (number == Records / 3 / 1_000 * 1_000)
            {
                killed = await cluster.LeaderAsync(Topic);
                await killed.KillAsync();
            }
        });

        await using var provider = cluster.ProviderFor();
        Assert.IsTrue((await provider.CheckHealthAsync()).Ready, "Two of three are up.");
        Assert.HasCount(Partitions, (await provider.Admin.DescribeTopicAsync(Topic))!.Partitions);
        await killed!.StartAsync(3);
    }

    [TestMethod]
    public async Task Without_a_broker_every_call_says_so_in_time()
    {
        await using var provider = new KafkaProvider(new KafkaProviderOptions
        {
            BootstrapServers = "127.0.0.1:1", OperationTimeout = TimeSpan.FromSeconds(2), SendTimeout = TimeSpan.FromSeconds(2),
        });

        var error = await Providers.AssertRefusedAsync(StreamErrorKind.Timeout, () => provider.OpenProducerAsync("events").AsTask());
        var health = await provider.CheckHealthAsync();

        Assert.Contains("127.0.0.1:1", error.Message);
        Assert.IsTrue(health is { Alive: true, Ready: false }, health.Description);
        Assert.Contains("127.0.0.1:1", health.Description);
    }

    [TestMethod]
    public async Task Sends_to_a_broker_that_is_gone_end_at_their_deadline_and_a_stop_says_what_is_left()
    {
        await using var cluster = await KafkaCluster.StartAsync();
        await cluster.CreateTopicAsync(Topic);
        await using var provider = cluster.ProviderFor(configure: options => options.SendTimeout = TimeSpan.FromSeconds(4));
        var producer = await provider.OpenProducerAsync(Topic);
        var account = new LoadAccount(100, Keys);
        await producer.SendAsync(account.Record(0));
        await cluster.Node.KillAsync();

        var first = producer.SendAsync(account.Record(1)).AsTask();
        var error = await Providers.AssertRefusedAsync(StreamErrorKind.Timeout, () => first);
        var second = producer.SendAsync(account.Record(2)).AsTask();
        var receipt = await producer.StopAsync(TimeSpan.FromMilliseconds(500));

        Assert.Contains("load", error.Message);
        Assert.AreEqual(new FlushReceipt(1, 1, 1), receipt);
        await Providers.AssertRefusedAsync(StreamErrorKind.Closed, () => second);
        Assert.IsFalse((await provider.CheckHealthAsync()).Ready);
    }

    private static async Task RunAsync(KafkaCluster cluster, KafkaGroupProtocol protocol, Func<int, Task> trouble)
    {
        await cluster.CreateTopicAsync(Topic, Partitions);
        await using var provider = cluster.ProviderFor(configure: options => (options.GroupProtocol, options.SendTimeout) = (protocol, TimeSpan.FromMinutes(2)));
        var account = new LoadAccount(Records, Keys);
        await using var producer = await provider.OpenProducerAsync(Topic);
        await using var consumer = await provider.OpenConsumerAsync(Topic, new StreamConsumerOptions { Group = "load" });
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(3));

        var reading = account.ReadAsync(consumer, stop.Token);
        await account.SendAllAsync(producer, trouble);
        await reading;

        account.AssertWhole();
        Console.WriteLine(account);
    }
}
