using System.Globalization;
using System.Text.RegularExpressions;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Requests that go to one broker only, the one that librdkafka takes for the controller, when that one dies.</summary>
[TestClass]
public sealed partial class ProviderControllerTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(15);

    [TestMethod]
    public async Task Administration_goes_on_when_the_controller_has_died()
    {
        await using var cluster = await KafkaCluster.StartAsync(new KafkaClusterOptions { Nodes = 3 });
        using var log = new LogLines();
        var options = new KafkaProviderOptions { BootstrapServers = cluster.BootstrapServers, Settings = { ["debug"] = "broker" } };
        await using var provider = new KafkaProvider(options, logger: log);
        await provider.Admin.CreateTopicAsync(new TopicSpec("before", 1));
        var controller = cluster.Nodes.Single(node => node.Id == ControllerOf(log));

        await controller.KillAsync();
        var started = TimeProvider.System.GetTimestamp();
        await provider.Admin.CreateTopicAsync(new TopicSpec("after", 1));
        var took = TimeProvider.System.GetElapsedTime(started);
        var health = await provider.CheckHealthAsync();

        Assert.IsLessThan(Bound, took);
        Assert.IsTrue(health.Ready, health.Description);
        CollectionAssert.Contains((await provider.Admin.ListTopicsAsync()).ToList(), "after");
    }

    private static int ControllerOf(LogLines log) =>
        int.Parse(log.Lines.Select(line => Told().Match(line)).Last(match => match.Success).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"ControllerId update -?\d+ -> (\d+)")]
    private static partial Regex Told();
}
