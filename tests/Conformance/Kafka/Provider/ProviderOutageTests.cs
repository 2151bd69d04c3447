using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Our provider while a living broker does not answer or cannot be reached.</summary>
[TestClass]
public sealed class ProviderOutageTests
{
    private static readonly TimeSpan Session = TimeSpan.FromSeconds(4);
    private static readonly SharedServer<KafkaCluster> Shared = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { ThroughProxy = true }));

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic, 100_000)]
    [DataRow(KafkaGroupProtocol.Consumer, 20_000)]
    public async Task A_broker_that_hangs_for_20_seconds_costs_nothing(KafkaGroupProtocol protocol, int records)
    {
        var cluster = await Shared.StartedAsync();
        var resumed = Task.CompletedTask;

        await KafkaLoad.AssertCostsNothingAsync(cluster, records, protocol, async (_, number) =>
        {
            if (number == LoadRun.At(records, 1, 2))
            {
                await cluster.Node.SuspendAsync();
                resumed = ResumeLaterAsync();
            }
        });

        await resumed;

        async Task ResumeLaterAsync()
        {
            await Task.Delay(TimeSpan.FromSeconds(20));
            await cluster.Node.ResumeAsync();
        }
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic, 20_000)]
    [DataRow(KafkaGroupProtocol.Consumer, 100_000)]
    public async Task A_network_cut_for_15_seconds_costs_nothing(KafkaGroupProtocol protocol, int records)
    {
        var cluster = await Shared.StartedAsync();
        var resumed = Task.CompletedTask;

        await KafkaLoad.AssertCostsNothingAsync(cluster, records, protocol, (_, number) =>
        {
            if (number == LoadRun.At(records, 1, 2))
            {
                cluster.Node.Proxy!.Cut();
                resumed = ResumeLaterAsync();
            }

            return Task.CompletedTask;
        });

        await resumed;

        async Task ResumeLaterAsync()
        {
            await Task.Delay(TimeSpan.FromSeconds(15));
            cluster.Node.Proxy!.Resume();
        }
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task What_a_member_that_was_cut_off_has_lost_it_never_commits(KafkaGroupProtocol protocol)
    {
        var cluster = await Shared.StartedAsync();
        var topic = $"lost-{protocol}";
        await cluster.CreateTopicAsync(topic, 2);
        await using var provider = cluster.ProviderFor(configure: options => options.GroupProtocol = protocol);
        await using var producer = await provider.OpenProducerAsync(topic);
        await new LoadAccount(1_000, keys: 10).SendAllAsync(producer);
        var heard = new HeardChanges();
        await using var victim = await JoinAsync(provider, topic, heard);
        var mine = await ReadAllAsync(victim, 1_000);

        // Only the way of this client is cut: the other one comes in by another listener.
        cluster.Node.Proxy!.Hang();
        var underWay = victim.CommitAsync(mine).AsTask();
        await using var direct = cluster.ProviderFor(configure: options =>
            (options.BootstrapServers, options.GroupProtocol) = ($"127.0.0.1:{cluster.Node.InternalPort}", protocol));
        await using var heir = await JoinAsync(direct, topic, new HeardChanges());
        await Eventually.TrueAsync(() => heir.Assignment.Count == 2, "the heir owns both partitions");
        var theirs = new[] { new StreamPosition(0, 4), new StreamPosition(1, 4) };
        await heir.CommitAsync(theirs);
        cluster.Node.Proxy.Resume();

        await Eventually.TrueAsync(() => heard.Lost.Count == 2, "the victim hears what it lost");
        await Providers.AssertRefusedAsync(StreamErrorKind.Fenced, () => victim.CommitAsync(mine).AsTask());
        Assert.AreEqual(StreamErrorKind.Fenced, (await Assert.ThrowsExactlyAsync<StreamException>(() => underWay.WaitAsync(Eventually.Patience))).Kind);
        Assert.IsEmpty(heard.Revoked);
        var held = (await direct.Admin.DescribeGroupAsync(topic, "g"))!.Partitions;
        CollectionAssert.AreEqual(new UInt128?[] { 4, 4 }, held.Select(partition => partition.Committed).ToArray());
        await Eventually.TrueAsync(() => victim.Assignment.Count == 1 && heir.Assignment.Count == 1, "the victim is back, and each owns one");
    }

    private static async Task<IStreamConsumer> JoinAsync(KafkaProvider provider, string topic, HeardChanges heard) =>
        await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = "g", Listener = heard, SessionTimeout = Session, HeartbeatInterval = Session / 10 });

    private static async Task<IReadOnlyList<StreamPosition>> ReadAllAsync(IStreamConsumer member, int records)
    {
        var read = new List<StreamPosition>();
        while (read.Count < records)
        {
            read.AddRange((await member.ReadAsync(Eventually.Patience)).Records.Select(record => record.Position!.Value));
        }

        return LoadAccount.LastOf(read);
    }
}
