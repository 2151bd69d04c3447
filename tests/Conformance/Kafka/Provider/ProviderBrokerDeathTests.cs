using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Our provider while its only broker dies and comes back: nothing is lost, every call ends in time, and health tells the truth.</summary>
[TestClass]
public sealed class ProviderBrokerDeathTests
{
    private const int Records = 100_000;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);
    private static readonly SharedServer<KafkaCluster> Shared = new(() => KafkaCluster.StartAsync());

    private KafkaCluster _cluster = null!;

    [TestInitialize]
    public async Task StartAsync()
    {
        _cluster = await Shared.StartedAsync();
        if (!_cluster.Node.IsRunning)
        {
            await _cluster.Node.StartAsync();
        }
    }

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_broker_killed_twice_costs_nothing(KafkaGroupProtocol protocol)
    {
        var restarted = Task.CompletedTask;

        await KafkaLoad.AssertCostsNothingAsync(_cluster, Records, protocol, async (_, number) =>
        {
            if (number == LoadRun.At(Records, 1, 3) || number == LoadRun.At(Records, 2, 3))
            {
                // Sending and reading go on meanwhile.
                await restarted;
                await _cluster.Node.KillAsync();
                restarted = _cluster.Node.StartAsync();
            }
        });

        await restarted;
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_commit_under_way_when_the_broker_dies_happens_or_is_told_to_have_failed(KafkaGroupProtocol protocol)
    {
        var topic = await MakeTopicAsync();
        await using var provider = _cluster.ProviderFor(configure: options => options.GroupProtocol = protocol);
        await SendAsync(provider, topic, 100);
        await using var member = await JoinAsync(provider, topic);
        await ReadAsync(member, 100);
        await _cluster.Node.SuspendAsync();

        var commit = member.CommitAsync([new StreamPosition(0, 49)]).AsTask();
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => commit.WaitAsync(TimeSpan.FromMilliseconds(500)));
        await _cluster.Node.KillAsync();
        await _cluster.Node.StartAsync();
        var failure = await FailureAsync(commit.WaitAsync(Eventually.Patience));

        var held = await CommittedAsync(provider, topic);
        Assert.IsTrue(failure is null ? held == 49 : failure.IsTransient || failure.Kind is StreamErrorKind.Timeout or StreamErrorKind.Fenced, $"{failure}, {held}");
        await Eventually.TrueAsync(async () => await FailureAsync(member.CommitAsync([new StreamPosition(0, 98)]).AsTask()) is null, "a commit after the restart");
        Assert.AreEqual((UInt128)98, await CommittedAsync(provider, topic));
        var receipt = await member.StopAsync(Soon);
        Assert.AreEqual((true, (UInt128)98), (receipt.Complete, receipt.Committed.Single().Offset));
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_stop_without_a_broker_ends_at_its_deadline_and_says_what_is_left(KafkaGroupProtocol protocol)
    {
        var topic = await MakeTopicAsync();
        await using var provider = _cluster.ProviderFor(configure: options => options.GroupProtocol = protocol);
        await SendAsync(provider, topic, 40);
        await using var member = await JoinAsync(provider, topic);
        await ReadAsync(member, 40);
        await member.CommitAsync([new StreamPosition(0, 9)]);
        await _cluster.Node.KillAsync();
        var started = TimeProvider.System.GetTimestamp();

        var receipt = await member.StopAsync(TimeSpan.FromSeconds(2));

        Assert.IsLessThan(TimeSpan.FromSeconds(4), TimeProvider.System.GetElapsedTime(started));
        Assert.AreEqual((30L, (UInt128)9), (receipt.Left, receipt.Committed.Single().Offset));
        await _cluster.Node.StartAsync();
        await using var heir = await JoinAsync(provider, topic);
        CollectionAssert.AreEqual(Enumerable.Range(10, 30).ToArray(), (await ReadAsync(heir, 30)).ToArray());
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_member_that_stops_over_a_commit_that_hangs_leaves_when_the_commit_has_ended(KafkaGroupProtocol protocol)
    {
        var topic = await MakeTopicAsync();
        await using var provider = _cluster.ProviderFor(configure: options =>
        {
            options.GroupProtocol = protocol;
            options.OperationTimeout = TimeSpan.FromSeconds(1);
        });
        await SendAsync(provider, topic, 10);
        await using var member = await JoinAsync(provider, topic);
        await ReadAsync(member, 10);
        await _cluster.Node.SuspendAsync();
        await Providers.AssertRefusedAsync(StreamErrorKind.Timeout, () => member.CommitAsync([new StreamPosition(0, 4)]).AsTask());

        var receipt = await member.StopAsync(TimeSpan.FromSeconds(3));
        await _cluster.Node.ResumeAsync();

        // Whether the commit counted is not known; that nothing is lost and that the partition is free again is.
        Assert.IsGreaterThanOrEqualTo(5, receipt.Left);
        await using var other = _cluster.ProviderFor(configure: options => options.GroupProtocol = protocol);
        await using var heir = await JoinAsync(other, topic);
        for (var last = -1; last < 9;)
        {
            last = (await ReadAsync(heir, 1))[^1];
        }
    }

    [TestMethod]
    public async Task Sends_to_a_broker_that_is_gone_end_at_their_deadline_and_a_stop_says_what_is_left()
    {
        var topic = await MakeTopicAsync();
        await using var provider = _cluster.ProviderFor(configure: options => options.SendTimeout = TimeSpan.FromSeconds(4));
        var producer = await provider.OpenProducerAsync(topic);
        var account = new LoadAccount(100, keys: 1);
        await producer.SendAsync(account.Record(0));
        await _cluster.Node.KillAsync();

        var first = producer.SendAsync(account.Record(1)).AsTask();
        var error = await Providers.AssertRefusedAsync(StreamErrorKind.Timeout, () => first);
        var second = producer.SendAsync(account.Record(2)).AsTask();
        var receipt = await producer.StopAsync(TimeSpan.FromMilliseconds(500));

        Assert.Contains(topic, error.Message);
        Assert.AreEqual(new FlushReceipt(1, 1, 1), receipt);
        await Providers.AssertRefusedAsync(StreamErrorKind.Closed, () => second);
    }

    [TestMethod]
    public async Task Health_is_down_while_the_broker_is_and_a_flush_reports_what_was_not_delivered()
    {
        var topic = await MakeTopicAsync();
        await using var provider = _cluster.ProviderFor(configure: options => options.SendTimeout = TimeSpan.FromSeconds(4));
        await using var producer = await provider.OpenProducerAsync(topic);
        var account = new LoadAccount(100, keys: 1);
        await producer.SendAsync(account.Record(0));
        Assert.AreEqual(new FlushReceipt(1, 0, 0), await producer.FlushAsync());
        Assert.IsTrue((await provider.CheckHealthAsync()).Ready);

        await _cluster.Node.KillAsync();
        var sends = Enumerable.Range(1, 3).Select(number => producer.SendAsync(account.Record(number)).AsTask()).ToList();
        var flushed = await producer.FlushAsync();
        var health = await provider.CheckHealthAsync();

        Assert.AreEqual(new FlushReceipt(0, 3, 0), flushed);
        foreach (var send in sends)
        {
            await Providers.AssertRefusedAsync(StreamErrorKind.Timeout, () => send);
        }

        Assert.IsTrue(health is { Alive: true, Ready: false }, health.Description);
        Assert.Contains(_cluster.BootstrapServers, health.Description);
        await _cluster.Node.StartAsync();
        await Eventually.TrueAsync(async () => (await provider.CheckHealthAsync()).Ready, "health after the restart");
        await Eventually.TrueAsync(async () => await FailureAsync(producer.SendAsync(account.Record(4)).AsTask()) is null, "a send after the restart");
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

    private async Task<string> MakeTopicAsync()
    {
        var topic = $"death-{Guid.NewGuid():N}";
        await _cluster.CreateTopicAsync(topic);
        return topic;
    }

    // A short session: what could not say goodbye is waited for no longer than that.
    private static async Task<IStreamConsumer> JoinAsync(KafkaProvider provider, string topic) => await provider.OpenConsumerAsync(
        topic, new StreamConsumerOptions { Group = "g", SessionTimeout = TimeSpan.FromSeconds(6), HeartbeatInterval = TimeSpan.FromMilliseconds(500) });

    private static async Task SendAsync(KafkaProvider provider, string topic, int records)
    {
        await using var producer = await provider.OpenProducerAsync(topic);
        await new LoadAccount(records, keys: 1).SendAllAsync(producer);
    }

    private static async Task<IReadOnlyList<int>> ReadAsync(IStreamConsumer consumer, int records)
    {
        var read = new List<int>();
        while (read.Count < records)
        {
            var batch = await consumer.ReadAsync(Eventually.Patience);
            Assert.IsNotEmpty(batch.Records, $"{read.Count} of {records} came.");
            read.AddRange(batch.Records.Select(LoadAccount.NumberOf));
        }

        return read;
    }

    private static async Task<StreamException?> FailureAsync(Task call)
    {
        try
        {
            await call;
            return null;
        }
        catch (StreamException e)
        {
            return e;
        }
    }

    private static async Task<UInt128?> CommittedAsync(KafkaProvider provider, string topic) =>
        (await provider.Admin.DescribeGroupAsync(topic, "g"))!.Partitions[0].Committed;
}
