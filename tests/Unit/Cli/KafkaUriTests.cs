using DashStream.Cli;
using DashStream.Providers;

namespace DashStream.Tests.Cli;

[TestClass]
public sealed class KafkaUriTests
{
    [TestMethod]
    [DataRow("kafka://one:9092", "one:9092")]
    [DataRow("kafka:one:9092", "one:9092")]
    [DataRow("KAFKA://one:9092/", "one:9092")]
    [DataRow("kafka://one:9092,two:9093", "one:9092,two:9093")]
    [DataRow("kafka://one", "one")]
    [DataRow("kafka://[::1]:9092", "[::1]:9092")]
    public void Servers_are_those_of_the_uri(string uri, string servers)
    {
        Assert.IsNull(ProviderFactory.FaultOf(uri));

        var options = Options(uri, ("KAFKA_BROKERS", "elsewhere:1"), ("KAFKA_BOOTSTRAP_SERVERS", "no port:x"));

        Assert.AreEqual(servers, options.BootstrapServers);
        Assert.IsFalse(options.CreateMissingTopics);
        Assert.AreEqual("", string.Join("; ", options.Faults()));
    }

    [TestMethod]
    [DataRow("kafka:")]
    [DataRow("kafka://")]
    [DataRow("kafka:///")]
    [DataRow("kafka://one:9092/topic")]
    [DataRow("kafka://one:9092?group=g")]
    [DataRow("kafka://one:9092,kafka://two:9092")]
    [DataRow("kafka://one:port")]
    [DataRow("kafka://one:0")]
    [DataRow("kafka://one:65536")]
    [DataRow("kafka://:9092")]
    [DataRow("kafka://one two:9092")]
    public async Task Anything_else_is_refused_with_the_form_to_write(string uri)
    {
        await using var tool = new ToolSession();

        var result = await tool.RunAsync("topics", uri);

        Assert.AreEqual(ExitCodes.Usage, result.Code);
        Assert.Contains("kafka://HOST:PORT", result.Err);
    }

    [TestMethod]
    public async Task A_password_in_the_uri_is_refused_and_not_repeated()
    {
        await using var tool = new ToolSession();

        var result = await tool.RunAsync("import", "runs.json", "--to", "kafka://alice:wonder1and@one:9092", "--topic", "t");

        Assert.AreEqual(ExitCodes.Usage, result.Code);
        Assert.Contains("KAFKA_SASL_PASSWORD", result.Err);
        Assert.DoesNotContain("wonder1and", result.Out + result.Err);
    }

    [TestMethod]
    public void Security_and_time_outs_come_from_the_environment()
    {
        var options = Options("kafka://one:9092",
            ("KAFKA_SECURITY_PROTOCOL", "sasl_ssl"), ("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512"), ("KAFKA_SASL_USERNAME", "alice"), ("KAFKA_SASL_PASSWORD", "wonder1and"),
            ("KAFKA_OPERATION_TIMEOUT_SECS", "42"));

        Assert.AreEqual(KafkaSecurityProtocol.SaslSsl, options.Security.Protocol);
        Assert.AreEqual(KafkaSaslMechanism.ScramSha512, options.Security.Mechanism);
        Assert.AreEqual("alice", options.Security.Username);
        Assert.AreEqual("wonder1and", options.Security.Password);
        Assert.AreEqual(TimeSpan.FromSeconds(42), options.OperationTimeout);
    }

    [TestMethod]
    public void Without_a_word_of_the_environment_a_wrong_address_is_told_within_seconds() =>
        Assert.IsLessThan(TimeSpan.FromSeconds(10), Options("kafka://one:9092").OperationTimeout);

    [TestMethod]
    public async Task A_variable_that_cannot_be_used_is_a_fault_of_the_call()
    {
        await using var tool = new ToolSession(name => name switch
        {
            "KAFKA_SECURITY_PROTOCOL" => "sasl_ssl",
            "KAFKA_SASL_PASSWORD" => "wonder1and",
            _ => null,
        });

        var result = await tool.RunAsync("topics", "kafka://one:9092");

        Assert.AreEqual(ExitCodes.Usage, result.Code);
        Assert.Contains("Mechanism is not set", result.Err);
        Assert.DoesNotContain("wonder1and", result.Out + result.Err);
    }

    private static KafkaProviderOptions Options(string uri, params (string Name, string Value)[] variables) =>
        KafkaUri.OptionsOf(uri[(uri.IndexOf(':', StringComparison.Ordinal) + 1)..], name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
