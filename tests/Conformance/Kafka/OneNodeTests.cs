using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Conformance.Kafka;

/// <summary>The fixture itself: what a test does to a broker really happens to it.</summary>
[TestClass]
public sealed class OneNodeTests
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    private static readonly SharedServer<KafkaCluster> Shared = new(() => KafkaCluster.StartAsync());

    private KafkaCluster? _cluster;

    private KafkaCluster Cluster => _cluster!;

    [TestInitialize]
    public async Task StartAsync() => _cluster = await Shared.StartedAsync();

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    public async Task What_is_written_is_read()
    {
        await Cluster.CreateTopicAsync("read");

        await RawClient.WriteAsync(Cluster.ClientConfig(), "read", "one");
        await RawClient.WriteAsync(Cluster.ClientConfig(), "read", "two");

        await RawClient.AssertHoldsAsync(Cluster.ClientConfig(), "read", "one", "two");
    }

    [TestMethod]
    public async Task A_topic_is_not_made_by_using_it()
    {
        var error = await Assert.ThrowsExactlyAsync<ProduceException<string, string>>(
            () => RawClient.WriteAsync(Cluster.ClientConfig(), "never-made", "lost", Short));

        Assert.Contains(error.Error.Code, new[] { ErrorCode.Local_UnknownTopic, ErrorCode.UnknownTopicOrPart, ErrorCode.Local_MsgTimedOut });
    }

    [TestMethod]
    public async Task A_killed_broker_has_its_data_when_it_is_back()
    {
        await Cluster.CreateTopicAsync("killed");
        await RawClient.WriteAsync(Cluster.ClientConfig(), "killed", "before");

        await Cluster.Node.KillAsync();
        Assert.IsFalse(Cluster.Node.IsRunning);
        await Cluster.Node.StartAsync();
        await RawClient.WriteAsync(Cluster.ClientConfig(), "killed", "after");

        await RawClient.AssertHoldsAsync(Cluster.ClientConfig(), "killed", "before", "after");
    }

    [TestMethod]
    public async Task A_stopped_broker_has_its_data_when_it_is_back()
    {
        await Cluster.CreateTopicAsync("stopped");
        await RawClient.WriteAsync(Cluster.ClientConfig(), "stopped", "before");

        await Cluster.Node.StopAsync();
        await Cluster.Node.StartAsync();

        await RawClient.AssertHoldsAsync(Cluster.ClientConfig(), "stopped", "before");
    }

    [TestMethod]
    public async Task A_suspended_broker_answers_nobody_until_it_is_resumed()
    {
        await Cluster.CreateTopicAsync("suspended");

        await Cluster.Node.SuspendAsync();
        try
        {
            await Assert.ThrowsExactlyAsync<KafkaException>(() => Cluster.Admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = Short }));
        }
        finally
        {
            await Cluster.Node.ResumeAsync();
        }

        await RawClient.WriteAsync(Cluster.ClientConfig(), "suspended", "after");
        await RawClient.AssertHoldsAsync(Cluster.ClientConfig(), "suspended", "after");
    }

    [TestMethod]
    [DataRow(GroupProtocol.Classic)]
    [DataRow(GroupProtocol.Consumer)]
    public async Task Both_group_protocols_are_served(GroupProtocol protocol)
    {
        var topic = $"group-{protocol}";
        await Cluster.CreateTopicAsync(topic);
        await RawClient.WriteAsync(Cluster.ClientConfig(), topic, "for the group");
        var settings = new ConsumerConfig(Cluster.ClientConfig()) { GroupId = topic, GroupProtocol = protocol, AutoOffsetReset = AutoOffsetReset.Earliest };
        using var consumer = new ConsumerBuilder<string, string>(settings).SetLogHandler((_, _) => { }).Build();

        consumer.Subscribe(topic);
        var got = await Task.Run(() => consumer.Consume(Eventually.Patience));

        Assert.AreEqual("for the group", got?.Message.Value);
        consumer.Close();
    }

    [TestMethod]
    public async Task Nothing_is_left_of_a_cluster_that_was_disposed()
    {
        var cluster = await KafkaCluster.StartAsync();
        var (node, folder) = (cluster.Node, cluster.Node.Folder);
        Assert.IsTrue(node.IsRunning);
        Assert.IsTrue(Directory.Exists(folder));

        await cluster.DisposeAsync();

        Assert.IsFalse(node.IsRunning);
        Assert.IsFalse(Directory.Exists(folder));
    }

    [TestMethod]
    public async Task Nothing_is_left_of_a_run_that_was_killed()
    {
        NativeClient.Require();
        await KafkaDistribution.RequireAsync();
        using var run = ChildProcess.Start("cluster");
        var (port, folder) = (await run.ReadLineAsync())!.Split(' ') is [var first, var second] ? (int.Parse(first, CultureInfo.InvariantCulture), second) : (0, "");
        Assert.IsTrue(await FreePorts.IsTakenAsync(port));
        Assert.IsTrue(Directory.Exists(folder));

        await run.KillAsync();

        await Eventually.TrueAsync(async () => !await FreePorts.IsTakenAsync(port), "the broker is gone");
        await Eventually.TrueAsync(() => !Directory.Exists(folder), "its folder is gone");
    }

    [TestMethod]
    public async Task A_broker_that_cannot_start_says_why()
    {
        var options = new KafkaClusterOptions { Settings = new Dictionary<string, string> { ["num.partitions"] = "none" } };

        var error = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => KafkaCluster.StartAsync(options));

        Assert.Contains("num.partitions", error.Message);
    }
}
