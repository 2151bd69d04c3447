using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>The environment variables of the original.</summary>
[TestClass]
public sealed class KafkaEnvironmentTests
{
    [TestMethod]
    public void Nothing_set_gives_the_defaults()
    {
        var read = Read();

        Assert.AreEqual("localhost:9092", read.Options.BootstrapServers);
        Assert.AreEqual(KafkaSecurityProtocol.Plaintext, read.Options.Security.Protocol);
        Assert.IsTrue(read.Options.Security.VerifyHostName);
        Assert.AreEqual(TimeSpan.FromSeconds(30), read.Options.OperationTimeout);
        Assert.AreEqual((null, null, null, null), (read.Topic, read.TenantId, read.Partition, read.Start));
    }

    [TestMethod]
    public void Every_variable_is_read()
    {
        var file = typeof(KafkaEnvironmentTests).Assembly.Location;

        var read = Read(
            ("KAFKA_BROKERS", "a:1, b:2,"), ("KAFKA_TOPIC", "t"), ("KAFKA_TENANT_ID", "acme"), ("KAFKA_PARTITION", "3"), ("KAFKA_AUTO_OFFSET_RESET", "latest"),
            ("KAFKA_SECURITY_PROTOCOL", "sasl_ssl"), ("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512"), ("KAFKA_SASL_USERNAME", "u"), ("KAFKA_SASL_PASSWORD", "p"),
            ("KAFKA_SSL_CA_LOCATION", file), ("KAFKA_SSL_CERTIFICATE_LOCATION", file), ("KAFKA_SSL_KEY_LOCATION", file), ("KAFKA_SSL_KEY_PASSWORD", "k"),
            ("KAFKA_SSL_ENDPOINT_ALGORITHM", "none"), ("KAFKA_BROKER_ADDRESS_FAMILY", "V6"), ("KAFKA_OPERATION_TIMEOUT_SECS", "7"));

        var (options, security) = (read.Options, read.Options.Security);
        Assert.AreEqual(("t", "acme", 3), (read.Topic, read.TenantId, read.Partition!.Value));
        Assert.AreEqual(SeekTarget.End, read.Start);
        Assert.AreEqual(("a:1, b:2,", KafkaAddressFamily.V6, TimeSpan.FromSeconds(7)), (options.BootstrapServers, options.AddressFamily, options.OperationTimeout));
        Assert.AreEqual((KafkaSecurityProtocol.SaslSsl, KafkaSaslMechanism.ScramSha512, "u", "p"), (security.Protocol, security.Mechanism!.Value, security.Username, security.Password));
        Assert.AreEqual((file, file, file, "k", false),
            (security.CaLocation, security.CertificateLocation, security.KeyLocation, security.KeyPassword, security.VerifyHostName));
        Assert.AreEqual("a:1,b:2", BrokerList.Normalize(options.BootstrapServers));
    }

    [TestMethod]
    public void The_first_name_wins_even_when_it_is_empty()
    {
        Assert.AreEqual("a:1", Read(("KAFKA_BROKERS", "a:1"), ("KAFKA_BOOTSTRAP_SERVERS", "b:2")).Options.BootstrapServers);
        Assert.AreEqual("b:2", Read(("KAFKA_BOOTSTRAP_SERVERS", "b:2")).Options.BootstrapServers);
        Assert.AreEqual("t", Read(("KAFKA_TOPIC", "t"), ("DASHSTREAM_TOPIC", "d")).Topic);
        Assert.AreEqual("d", Read(("DASHSTREAM_TOPIC", "d")).Topic);
        Assert.AreEqual(9, Read(("KAFKA_METADATA_TIMEOUT_SECS", "9")).Options.OperationTimeout.TotalSeconds);
        StringAssert.Contains(Refused(("KAFKA_BROKERS", ""), ("KAFKA_BOOTSTRAP_SERVERS", "b:2")), "names no server");
    }

    [TestMethod]
    public void Empty_files_and_credentials_mean_none()
    {
        var read = Read(
            ("KAFKA_SASL_USERNAME", ""), ("KAFKA_SASL_PASSWORD", ""), ("KAFKA_SSL_CA_LOCATION", ""), ("KAFKA_SSL_CERTIFICATE_LOCATION", ""),
            ("KAFKA_SSL_KEY_LOCATION", ""), ("KAFKA_SSL_KEY_PASSWORD", ""), ("KAFKA_SSL_ENDPOINT_ALGORITHM", ""));

        var config = new NativeConfig(read.Options).ForAdmin();

        Assert.IsFalse(read.Options.Security.VerifyHostName);
        Assert.IsEmpty(config.Where(setting => setting.Key.StartsWith("ssl.", StringComparison.Ordinal) || setting.Key.StartsWith("sasl.", StringComparison.Ordinal)));
    }

    [TestMethod]
    [DataRow("KAFKA_SECURITY_PROTOCOL", "SSL")]
    [DataRow("KAFKA_SECURITY_PROTOCOL", "")]
    [DataRow("KAFKA_SASL_MECHANISM", "plain")]
    [DataRow("KAFKA_SASL_MECHANISM", "SCRAM-SHA-1")]
    [DataRow("KAFKA_SSL_ENDPOINT_ALGORITHM", "HTTPS")]
    [DataRow("KAFKA_BROKER_ADDRESS_FAMILY", "v5")]
    [DataRow("KAFKA_PARTITION", "-1")]
    [DataRow("KAFKA_PARTITION", "one")]
    [DataRow("KAFKA_PARTITION", "99999999999")]
    [DataRow("KAFKA_AUTO_OFFSET_RESET", "none")]
    [DataRow("KAFKA_OPERATION_TIMEOUT_SECS", "0")]
    [DataRow("KAFKA_OPERATION_TIMEOUT_SECS", "1.5")]
    [DataRow("KAFKA_METADATA_TIMEOUT_SECS", "")]
    public void A_value_that_cannot_be_used_is_named_with_what_can(string name, string value) =>
        StringAssert.Contains(Refused((name, value)), $"{name} is '{value}'; allowed are ");

    [TestMethod]
    public void Everything_wrong_is_told_at_once_and_no_secret_with_it()
    {
        var message = Refused(
            ("KAFKA_BROKERS", "a:99999"), ("KAFKA_PARTITION", "x"), ("KAFKA_AUTO_OFFSET_RESET", "never"), ("KAFKA_SECURITY_PROTOCOL", "tls"),
            ("KAFKA_SASL_PASSWORD", "hunter2"), ("KAFKA_SSL_KEY_PASSWORD", "hunter3"));

        foreach (var part in (string[])["'a:99999'", "KAFKA_PARTITION", "KAFKA_AUTO_OFFSET_RESET", "KAFKA_SECURITY_PROTOCOL"])
        {
            StringAssert.Contains(message, part);
        }

        Assert.DoesNotContain("hunter", message);
    }

    [TestMethod]
    public void Half_a_pair_is_refused()
    {
        StringAssert.Contains(Refused(("KAFKA_SECURITY_PROTOCOL", "sasl_ssl"), ("KAFKA_SASL_MECHANISM", "PLAIN"), ("KAFKA_SASL_USERNAME", "u")), "only one of Username and Password");
        StringAssert.Contains(Refused(("KAFKA_SECURITY_PROTOCOL", "sasl_ssl"), ("KAFKA_SASL_USERNAME", "u"), ("KAFKA_SASL_PASSWORD", "p")), "Mechanism is not set");
    }

    private static KafkaEnvironment Read(params (string Name, string Value)[] variables) =>
        KafkaEnvironment.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);

    private static string Refused(params (string Name, string Value)[] variables)
    {
        var error = Assert.ThrowsExactly<StreamException>(() => Read(variables));
        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        return error.Message;
    }
}
