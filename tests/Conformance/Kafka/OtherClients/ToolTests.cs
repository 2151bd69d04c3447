using Confluent.Kafka;
using DashStream.Cli;
using DashStream.Tests.Cli;

namespace DashStream.Conformance.Kafka;

/// <summary>What <c>dashstream</c> says when a cluster does not let it in, or is not there: one line, soon, without a secret.</summary>
[TestClass]
public sealed class ToolTests
{
    private const string Topic = "tool";
    private static readonly SharedServer<KafkaCluster> Cluster = new(() => KafkaCluster.StartAsync(new KafkaClusterOptions { Security = SecurityProtocol.SaslPlaintext, AccessRules = true }));

    [ClassCleanup]
    public static async Task EndAsync() => await Cluster.DisposeAsync();

    [TestMethod]
    public async Task Credentials_come_from_the_environment()
    {
        var cluster = await Cluster.StartedAsync();
        await cluster.CreateTopicAsync(Topic);
        await cluster.AllowAsync(KafkaUser.Alice, Topic);

        var read = await RunAsync(KafkaUser.Alice, "parse", $"kafka://{cluster.BootstrapServers}", "--topic", Topic);

        Assert.AreEqual(ExitCodes.Ok, read.Code, read.Err);
    }

    [TestMethod]
    [DataRow("topics")]
    [DataRow("groups")]
    [DataRow("parse", "--topic", Topic)]
    [DataRow("parse", "--topic", Topic, "--group", "g")]
    public async Task A_wrong_password_is_refused_at_once_and_not_repeated(string verb, params string[] arguments)
    {
        var cluster = await Cluster.StartedAsync();

        await AssertFailsAsync("refused credentials", RunAsync(KafkaUser.Alice with { Password = "guessed1" }, [verb, $"kafka://{cluster.BootstrapServers}", .. arguments]));
    }

    [TestMethod]
    public async Task What_access_rules_forbid_is_told_apart_from_what_is_not_there()
    {
        var cluster = await Cluster.StartedAsync();
        await cluster.CreateTopicAsync("forbidden");

        await AssertFailsAsync("refused credentials or permission", RunAsync(KafkaUser.Alice, "parse", $"kafka://{cluster.BootstrapServers}", "--topic", "forbidden"));
        await AssertFailsAsync("There is no topic 'absent'", RunAsync(KafkaUser.Admin, "parse", $"kafka://{cluster.BootstrapServers}", "--topic", "absent"));
    }

    [TestMethod]
    [DataRow("topics")]
    [DataRow("groups")]
    [DataRow("parse", "--topic", Topic)]
    public async Task Where_nobody_listens_the_address_is_named(string verb, params string[] arguments)
    {
        NativeClient.Require();

        await AssertFailsAsync("at 127.0.0.1:1 failed", RunAsync(null, [verb, "kafka://127.0.0.1:1", .. arguments]));
    }

    private static async Task AssertFailsAsync(string text, Task<ToolResult> call)
    {
        var started = TimeProvider.System.GetTimestamp();

        var result = await call;

        Assert.IsLessThan(TimeSpan.FromSeconds(15), TimeProvider.System.GetElapsedTime(started), "A failure is told within seconds.");
        Assert.AreEqual((ExitCodes.Failure, ""), (result.Code, result.Out), result.Err);
        Assert.Contains(text, result.Err);
        var lines = result.Err.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("error: ", lines[0]);
        Assert.IsTrue(lines.Skip(1).All(line => line.StartsWith("  cause: ", StringComparison.Ordinal)), $"An error and its causes, nothing else: {result.Err}");
        Assert.DoesNotContain("guessed1", result.Err);
        Assert.DoesNotContain(KafkaUser.Alice.Password, result.Err);
    }

    private static async Task<ToolResult> RunAsync(KafkaUser? user, params string[] arguments)
    {
        await using var tool = new ToolSession(name => user is null ? null : name switch
        {
            "KAFKA_SECURITY_PROTOCOL" => "sasl_plaintext",
            "KAFKA_SASL_MECHANISM" => "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME" => user.Name,
            "KAFKA_SASL_PASSWORD" => user.Password,
            _ => null,
        });
        return await tool.RunAsync(arguments);
    }
}
