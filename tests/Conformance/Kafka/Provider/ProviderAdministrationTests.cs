using System.Globalization;
using System.Text.RegularExpressions;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Requests that one broker only can answer, a controller or a coordinator, when that one dies or hangs: a provider that was open before gets over it.</summary>
[TestClass]
public sealed partial class ProviderAdministrationTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    // How long a broker waits for a controller that hangs before it asks who is the controller now: 30 seconds otherwise.
    private static readonly SharedServer<KafkaCluster> Shared = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions
    {
        Nodes = 3, Settings = new Dictionary<string, string> { ["controller.socket.timeout.ms"] = "3000" },
    }));

    private KafkaCluster _cluster = null!;

    [TestInitialize]
    public async Task StartAsync()
    {
        _cluster = await Shared.StartedAsync();
        foreach (var node in _cluster.Nodes.Where(node => !node.IsRunning))
        {
            await node.StartAsync(nodes: 3);
        }
    }

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    public async Task Administration_goes_on_when_the_controller_has_died()
    {
        using var log = new LogLines();
        await using var provider = _cluster.ProviderFor(configure: options => options.Settings["debug"] = "broker", logger: log);
        await provider.Admin.CreateTopicAsync(new TopicSpec("before", 1));
        var controller = _cluster.Nodes.Single(node => node.Id == ControllerOf(log));

        await controller.KillAsync();
        await InTimeAsync(provider.Admin.CreateTopicAsync(new TopicSpec("after", 1)).AsTask());
        var health = await provider.CheckHealthAsync();

        Assert.IsTrue(health.Ready, health.Description);
        CollectionAssert.Contains((await provider.Admin.ListTopicsAsync()).ToList(), "after");
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task A_group_is_described_and_changed_when_its_coordinator_has_died(KafkaGroupProtocol protocol)
    {
        var topic = $"coordinated-{protocol}";
        await using var provider = _cluster.ProviderFor(configure: options => options.GroupProtocol = protocol);
        await provider.Admin.CreateTopicAsync(new TopicSpec(topic, 1));
        await CommitFiveAsync(provider, topic);
        Assert.AreEqual((UInt128)4, (await provider.Admin.DescribeGroupAsync(topic, "g"))!.Partitions[0].Committed);
        var coordinator = await _cluster.CoordinatorAsync($"g@{topic}");

        await coordinator.KillAsync();
        var held = await InTimeAsync(provider.Admin.DescribeGroupAsync(topic, "g").AsTask());
        var groups = await InTimeAsync(provider.Admin.ListGroupsAsync(topic).AsTask());
        await InTimeAsync(provider.Admin.ResetGroupAsync(topic, "g", partition: null, SeekTarget.At(2)).AsTask());
        var reset = await provider.Admin.DescribeGroupAsync(topic, "g");
        var deleted = await InTimeAsync(provider.Admin.DeleteGroupAsync(topic, "g").AsTask());
        await coordinator.StartAsync(nodes: 3);
        var gone = await InTimeAsync(provider.Admin.DescribeGroupAsync(topic, "g").AsTask());

        Assert.AreEqual((UInt128)4, held!.Partitions[0].Committed);
        Assert.AreEqual("g", groups.Single().Group);
        Assert.AreEqual((UInt128)1, reset!.Partitions[0].Committed);
        Assert.IsTrue(deleted);
        Assert.IsNull(gone);
    }

    [TestMethod]
    public async Task A_controller_that_hangs_costs_no_more_than_the_time_allowed_and_another_one_takes_over()
    {
        await using var hasty = _cluster.ProviderFor(configure: options => options.OperationTimeout = TimeSpan.FromSeconds(3));
        await using var patient = _cluster.ProviderFor();
        await patient.Admin.CreateTopicAsync(new TopicSpec("before-it-hung", 1));
        await Eventually.TrueAsync(() => IsAnsweredAsync(hasty.Admin.DescribeTopicAsync("before-it-hung").AsTask()), "a first answer");
        var controller = await _cluster.ControllerAsync();
        using var noLonger = new CancellationTokenSource();

        await controller.SuspendAsync();
        var left = patient.Admin.CreateTopicAsync(new TopicSpec("given-up", 1), noLonger.Token).AsTask();
        var refused = Providers.AssertRefusedAsync(StreamErrorKind.Timeout, () => hasty.Admin.CreateTopicAsync(new TopicSpec("too-soon", 1)).AsTask());
        var answers = await CountAnswersAsync(() => hasty.Admin.DescribeTopicAsync("before-it-hung").AsTask(), until: refused);
        var error = await refused;
        await noLonger.CancelAsync();
        await Assert.ThrowsExactlyAsync<TaskCanceledException>(() => left.WaitAsync(TimeSpan.FromSeconds(1)));
        await patient.Admin.CreateTopicAsync(new TopicSpec("while-it-hangs", 1)).AsTask().WaitAsync(new KafkaProviderOptions().OperationTimeout);
        var found = await InTimeAsync(patient.Admin.DescribeTopicAsync("while-it-hangs").AsTask());
        var health = await hasty.CheckHealthAsync();
        await controller.ResumeAsync();

        Assert.Contains("too-soon", error.Message);
        Assert.IsTrue(answers == 0 || new[] { "the controller for topics", "Last seen" }.Any(error.Message.Contains), $"Of {answers} answers meanwhile: {error.Message}");
        Assert.AreEqual(1, found!.Spec.Partitions);
        Assert.IsTrue(health.Ready, health.Description);
        await Eventually.TrueAsync(() => IsAnsweredAsync(hasty.Admin.DescribeTopicAsync("while-it-hangs").AsTask()), "an answer after it hung");
    }

    private static async Task<bool> IsAnsweredAsync(Task call)
    {
        try
        {
            await call;
            return true;
        }
        catch (StreamException e) when (e.IsTransient || e.Kind == StreamErrorKind.Timeout)
        {
            return false;
        }
    }

    // On a machine that has no time for the other brokers either, there may be none; then an error cannot tell which broker it was.
    private static async Task<int> CountAnswersAsync(Func<Task> ask, Task until)
    {
        var answers = 0;
        while (!until.IsCompleted)
        {
            answers += await IsAnsweredAsync(ask()) && !until.IsCompleted ? 1 : 0;
        }

        return answers;
    }

    private static async Task CommitFiveAsync(KafkaProvider provider, string topic)
    {
        await using var producer = await provider.OpenProducerAsync(topic);
        await new LoadAccount(5, keys: 1).SendAllAsync(producer);
        await using var member = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = "g" });
        for (var read = 0; read < 5;)
        {
            read += (await member.ReadAsync(Eventually.Patience)).Records.Count;
        }

        await member.CommitAsync([new StreamPosition(0, 4)]);
    }

    private static Task InTimeAsync(Task call) => call.WaitAsync(Bound);

    private static Task<T> InTimeAsync<T>(Task<T> call) => call.WaitAsync(Bound);

    private static int ControllerOf(LogLines log) =>
        int.Parse(log.Lines.Select(line => Told().Match(line)).Last(match => match.Success).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"ControllerId update -?\d+ -> (\d+)")]
    private static partial Regex Told();
}
