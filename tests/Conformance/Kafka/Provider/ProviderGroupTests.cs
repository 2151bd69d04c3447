using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Members that come, go and stand still under load, on a real broker, with both group protocols.</summary>
[TestClass]
public sealed class ProviderGroupTests
{
    [TestInitialize]
    public void Begin() => Deep.Require();

    private const int Records = 20_000;
    private const int Partitions = 6;
    private static readonly SharedCluster Cluster = new();

    [ClassCleanup]
    public static async Task EndAsync() => await Cluster.DisposeAsync();

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_third_member_that_joins_and_a_first_that_stops_under_load_cost_nothing(KafkaGroupProtocol protocol)
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
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var reading = new List<Task> { account.ReadAsync(first, stopFirst.Token), account.ReadAsync(second, stop.Token, TimeSpan.FromMilliseconds(5)) };
        IStreamConsumer? third = null;

        await account.SendAllAsync(producer, async number =>
        {
            if (number == 6_000)
            {
                third = await JoinAsync(provider, topic);
                reading.Add(account.ReadAsync(third, stop.Token));
            }
            else if (number == 12_000)
            {
                await stopFirst.CancelAsync();
                await reading[0];
                await first.StopAsync(TimeSpan.FromSeconds(10));
            }
        });
        await Task.WhenAll(reading);

        account.AssertWhole();
        await third!.DisposeAsync();
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_reader_that_stands_still_for_longer_than_every_timeout_keeps_its_partitions(KafkaGroupProtocol protocol)
    {
        var cluster = await Cluster.StartedAsync();
        var topic = $"still-{protocol}";
        await cluster.CreateTopicAsync(topic, 2);
        await using var provider = cluster.ProviderFor(configure: options => (options.GroupProtocol, options.MaxPrefetchBytes) = (protocol, 64 * 1024));
        await using var producer = await provider.OpenProducerAsync(topic);
        var account = new LoadAccount(20_000, keys: 10);
        await account.SendAllAsync(producer);
        await using var member = await JoinAsync(provider, topic, TimeSpan.FromSeconds(1.5));
        await Eventually.TrueAsync(() => member.Assignment.Count == 2, "the member owns both partitions");

        await Task.Delay(TimeSpan.FromSeconds(6));

        Assert.HasCount(2, member.Assignment);
        await account.ReadAsync(member, CancellationToken.None);
        account.AssertWhole();
    }

    [TestMethod]
    public async Task A_static_member_that_comes_back_in_time_disturbs_nobody()
    {
        var cluster = await Cluster.StartedAsync();
        await cluster.CreateTopicAsync("static", Partitions);
        var heard = new Listener();
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

    private static async Task<IStreamConsumer> JoinAsync(KafkaProvider provider, string topic, TimeSpan? session = null)
    {
        var timeout = session ?? TimeSpan.FromSeconds(10);
        return await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = "g", SessionTimeout = timeout, HeartbeatInterval = timeout / 5 });
    }

    private sealed class Listener : IAssignmentListener
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public ValueTask OnAssignedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => Count();

        public ValueTask OnRevokedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => Count();

        public ValueTask OnLostAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => Count();

        private ValueTask Count()
        {
            Interlocked.Increment(ref _calls);
            return ValueTask.CompletedTask;
        }
    }
}
