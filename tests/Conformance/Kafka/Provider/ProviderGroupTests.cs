using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Members that come, go and stand still under load, on a real broker, with both group protocols.</summary>
[TestClass]
public sealed class ProviderGroupTests
{
    private const int Records = 30_000;
    private const int Partitions = 6;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly SharedServer<KafkaCluster> Cluster = new(() => KafkaCluster.StartAsync());

    [ClassCleanup]
    public static async Task EndAsync() => await Cluster.DisposeAsync();

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_third_member_that_joins_and_a_first_that_stops_with_work_in_hand_cost_nothing(KafkaGroupProtocol protocol)
    {
        var cluster = await Cluster.StartedAsync();
        var topic = $"members-{protocol}";
        await cluster.CreateTopicAsync(topic, Partitions);
        await using var provider = cluster.ProviderFor(configure: options => options.GroupProtocol = protocol);
        var account = new LoadAccount(Records, keys: 60);
        await using var producer = await provider.OpenProducerAsync(topic);
        await using var first = await JoinAsync(provider, topic);
        await using var second = await JoinAsync(provider, topic);
        using var stopFirst = new CancellationTokenSource();
        using var stop = new CancellationTokenSource(Limit);
        var reading = new List<Task> { account.ReadAsync(first, stopFirst.Token), account.ReadAsync(second, stop.Token, TimeSpan.FromMilliseconds(5)) };
        IStreamConsumer? third = null;

        await account.SendAllAsync(producer, async number =>
        {
            if (number == LoadRun.At(Records, 1, 3))
            {
                await Eventually.TrueAsync(() => first.Assignment.Count + second.Assignment.Count == Partitions && second.Assignment.Count > 0, "both are at work");
                third = await JoinAsync(provider, topic);
                reading.Add(account.ReadAsync(third, stop.Token));
            }
            else if (number == LoadRun.At(Records, 2, 3))
            {
                await Eventually.TrueAsync(() => third!.Assignment.Count > 0, "the third is at work");
                await stopFirst.CancelAsync();
                await reading[0];
                await first.StopAsync(TimeSpan.FromSeconds(20));
            }
        });
        await Task.WhenAll(reading);

        Console.WriteLine(account);
        await account.AssertWholeAsync(provider, topic, "g");
        await third!.DisposeAsync();
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_member_that_is_killed_costs_nothing(KafkaGroupProtocol protocol)
    {
        var cluster = await Cluster.StartedAsync();
        var topic = $"killed-{protocol}";
        await cluster.CreateTopicAsync(topic, Partitions);
        await using var provider = cluster.ProviderFor(configure: options => options.GroupProtocol = protocol);
        var account = new LoadAccount(Records, keys: 60);
        await using var producer = await provider.OpenProducerAsync(topic);
        await using var survivor = await JoinAsync(provider, topic);
        using var doomed = new MemberProcess(cluster.BootstrapServers, topic, "g", protocol);
        using var stop = new CancellationTokenSource(Limit);
        Task[] reading = [account.ReadAsync(survivor, stop.Token), doomed.ReadAsync(account)];

        await account.SendAllAsync(producer, async number =>
        {
            if (number == LoadRun.At(Records, 1, 3))
            {
                await Eventually.TrueAsync(() => survivor.Assignment.Count == Partitions / 2, "the other process owns the other half");
            }
            else if (number == LoadRun.At(Records, 2, 3))
            {
                await Eventually.TrueAsync(() => doomed.Handled > 0, "the other process has work in hand");
                await doomed.KillAsync();
            }
        });
        await Task.WhenAll(reading);

        Console.WriteLine(account);
        await account.AssertWholeAsync(provider, topic, "g");
        Assert.HasCount(Partitions, survivor.Assignment);
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task What_a_member_had_in_hand_when_it_stopped_goes_to_the_next_and_nothing_else(KafkaGroupProtocol protocol)
    {
        var cluster = await Cluster.StartedAsync();
        var topic = $"in-hand-{protocol}";
        await cluster.CreateTopicAsync(topic);
        await using var provider = cluster.ProviderFor(configure: options => options.GroupProtocol = protocol);
        await using var producer = await provider.OpenProducerAsync(topic);
        await new LoadAccount(1_000, keys: 1).SendAllAsync(producer);
        await using var member = await JoinAsync(provider, topic);
        var read = new List<StreamRecord>();
        while (read.Count < 500)
        {
            read.AddRange((await member.ReadAsync(Eventually.Patience)).Records);
        }

        await member.CommitAsync([new StreamPosition(0, 199)]);
        var receipt = await member.StopAsync(TimeSpan.FromSeconds(20));

        Assert.IsTrue(receipt.Complete);
        Assert.AreEqual((read.Count - 200, new StreamPosition(0, 199)), ((int)receipt.Left, receipt.Committed.Single()));
        await using var heir = await JoinAsync(provider, topic);
        var rest = new List<int>();
        while (rest.Count < 800)
        {
            rest.AddRange((await heir.ReadAsync(Eventually.Patience)).Records.Select(LoadAccount.NumberOf));
        }

        CollectionAssert.AreEqual(Enumerable.Range(200, 800).ToArray(), rest);
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_handler_that_is_slower_than_every_timeout_keeps_its_partitions(KafkaGroupProtocol protocol)
    {
        var cluster = await Cluster.StartedAsync();
        var topic = $"slow-{protocol}";
        await cluster.CreateTopicAsync(topic, 2);
        var session = TimeSpan.FromSeconds(3);
        await using var provider = cluster.ProviderFor(configure: options =>
            (options.GroupProtocol, options.MaxPrefetchBytes, options.MaxPollInterval) = (protocol, 64 * 1024, session));
        await using var producer = await provider.OpenProducerAsync(topic);
        var account = new LoadAccount(20_000, keys: 10);
        await account.SendAllAsync(producer);
        var heard = new HeardChanges();
        await using var member = await JoinAsync(provider, topic, session, heard);
        await Eventually.TrueAsync(() => member.Assignment.Count == 2, "the member owns both partitions");

        await account.ReadAsync(member, CancellationToken.None, once: session * 2.5);

        Assert.HasCount(2, heard.Assigned);
        Assert.IsEmpty(heard.Revoked);
        Assert.IsEmpty(heard.Lost);
        await account.AssertWholeAsync(provider, topic, "g");
    }

    [TestMethod]
    public async Task A_static_member_that_comes_back_in_time_disturbs_nobody()
    {
        var cluster = await Cluster.StartedAsync();
        await cluster.CreateTopicAsync("static", Partitions);
        var heard = new HeardChanges();
        await using var staying = cluster.ProviderFor();
        await using var other = await staying.OpenConsumerAsync("static", new StreamConsumerOptions { Group = "g", Listener = heard, MemberName = "b" });
        await using var provider = cluster.ProviderFor(configure: options => options.StaticMembership = true);
        var options = new StreamConsumerOptions { Group = "g", MemberName = "a", SessionTimeout = TimeSpan.FromSeconds(20) };
        var before = await provider.OpenConsumerAsync("static", options);
        await Eventually.TrueAsync(() => before.Assignment.Count == Partitions / 2 && other.Assignment.Count == Partitions / 2, "both own half");
        var owned = before.Assignment;
        var changes = heard.Calls;

        await before.DisposeAsync();
        await using var after = await provider.OpenConsumerAsync("static", options);
        await Eventually.TrueAsync(() => after.Assignment.Count == Partitions / 2, "the member is back");

        CollectionAssert.AreEqual(owned.ToArray(), after.Assignment.ToArray());
        Assert.AreEqual(changes, heard.Calls, "Nobody else was told of anything.");
    }

    [TestMethod]
    public async Task A_session_that_the_brokers_do_not_take_is_told_with_their_bounds()
    {
        var cluster = await Cluster.StartedAsync();
        await cluster.CreateTopicAsync("session");
        await using var provider = cluster.ProviderFor();
        await using var member = await JoinAsync(provider, "session", TimeSpan.FromMilliseconds(500));

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => member.ReadAsync(Eventually.Patience).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.Contains("group.min.session.timeout.ms", error.Message);
    }

    private static async Task<IStreamConsumer> JoinAsync(KafkaProvider provider, string topic, TimeSpan? session = null, HeardChanges? heard = null)
    {
        var timeout = session ?? TimeSpan.FromSeconds(10);
        return await provider.OpenConsumerAsync(
            topic, new StreamConsumerOptions { Group = "g", Listener = heard, SessionTimeout = timeout, HeartbeatInterval = timeout / 10 });
    }
}
