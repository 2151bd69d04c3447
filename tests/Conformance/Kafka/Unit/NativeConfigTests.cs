using Confluent.Kafka;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>What librdkafka is told, and what nobody may tell it.</summary>
[TestClass]
public sealed class NativeConfigTests
{
    [TestMethod]
    public void Promises_of_the_producer_are_in_its_configuration()
    {
        var config = Of(options => options.KeyHash = KeyHash.Murmur2).ForProducer(1000);

        Assert.AreEqual((true, Acks.All, Partitioner.Murmur2Random), (config.EnableIdempotence!.Value, config.Acks!.Value, config.Partitioner!.Value));
        Assert.AreEqual((30_000, CompressionType.None, 1000), (config.MessageTimeoutMs!.Value, config.CompressionType!.Value, config.BatchSize!.Value));
        Assert.AreEqual(Partitioner.ConsistentRandom, Of().ForProducer(1000).Partitioner);
    }

    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public void Promises_of_a_member_are_in_its_configuration(KafkaGroupProtocol protocol)
    {
        var config = Of(options => (options.GroupProtocol, options.StaticMembership) = (protocol, true))
            .ForConsumer(new StreamConsumerOptions { Group = "g", MemberName = "pod-1" }, "g@t");

        Assert.AreEqual((false, false, AutoOffsetReset.Error), (config.EnableAutoCommit!.Value, config.EnableAutoOffsetStore!.Value, config.AutoOffsetReset!.Value));
        Assert.AreEqual(("g@t", "pod-1", false), (config.GroupId, config.GroupInstanceId, config.AllowAutoCreateTopics!.Value));
        Assert.AreEqual($"{protocol}", $"{config.GroupProtocol}");
        Assert.AreEqual(protocol == KafkaGroupProtocol.Classic ? PartitionAssignmentStrategy.CooperativeSticky : null, config.PartitionAssignmentStrategy);
        Assert.AreEqual(protocol == KafkaGroupProtocol.Classic, config.SessionTimeoutMs is not null && config.HeartbeatIntervalMs is not null);
    }

    [TestMethod]
    public void A_reader_alone_joins_no_group()
    {
        var config = Of(options => (options.GroupProtocol, options.StaticMembership) = (KafkaGroupProtocol.Consumer, true)).ForConsumer(new StreamConsumerOptions(), "alone-1@t");

        Assert.AreEqual((GroupProtocol.Classic, null), (config.GroupProtocol!.Value, config.GroupInstanceId));
    }

    [TestMethod]
    public void Prefetch_is_bounded_in_bytes()
    {
        var config = Of(options => options.MaxPrefetchBytes = 8 * 1024 * 1024).ForConsumer(new StreamConsumerOptions(), "g");

        Assert.AreEqual((4 * 1024, 4 * 1024 * 1024), (config.QueuedMaxMessagesKbytes!.Value, config.FetchMaxBytes!.Value));
    }

    [TestMethod]
    public void Native_settings_reach_every_client_and_win_over_what_we_would_choose()
    {
        var config = Of(options =>
        {
            options.Settings["socket.timeout.ms"] = "7000";
            options.Settings["batch.num.messages"] = "77";
            options.Settings["fetch.queue.backoff.ms"] = "5";
            options.Settings["topic.metadata.refresh.interval.ms"] = "1234";
        });

        var (admin, producer, consumer) = (config.ForAdmin(), config.ForProducer(1000), config.ForConsumer(new StreamConsumerOptions(), "g"));

        Assert.AreEqual((7000, 7000, 7000), (admin.SocketTimeoutMs!.Value, producer.SocketTimeoutMs!.Value, consumer.SocketTimeoutMs!.Value));
        Assert.AreEqual((1234, 77, 5), (admin.TopicMetadataRefreshIntervalMs!.Value, producer.BatchNumMessages!.Value, consumer.FetchQueueBackoffMs!.Value));
    }

    [TestMethod]
    public void Hooks_have_the_last_word()
    {
        var config = Of(options =>
        {
            options.Settings["client.rack"] = "a";
            options.ConfigureProducer = producer => producer.BatchNumMessages = 5;
            options.ConfigureConsumer = consumer => consumer.ClientRack = "b";
            options.ConfigureAdmin = admin => admin.SocketTimeoutMs = 9000;
        });

        Assert.AreEqual(5, config.ForProducer(1000).BatchNumMessages);
        Assert.AreEqual("b", config.ForConsumer(new StreamConsumerOptions(), "g").ClientRack);
        Assert.AreEqual(("a", 9000), (config.ForAdmin().ClientRack, config.ForAdmin().SocketTimeoutMs!.Value));
    }

    public static IEnumerable<object[]> RefusedKeys() => SettingsGuard.RefusedKeys.Select(key => new object[] { key });

    [TestMethod]
    [DynamicData(nameof(RefusedKeys))]
    public void A_key_that_would_break_a_promise_is_refused_by_name_wherever_it_comes_from(string key)
    {
        var options = new KafkaProviderOptions { Settings = { [key] = "x" } };
        var hooked = Of(o => (o.ConfigureAdmin, o.ConfigureProducer, o.ConfigureConsumer) = (c => c.Set(key, "x"), c => c.Set(key, "x"), c => c.Set(key, "x")));

        foreach (var error in (StreamException[])
        [
            Assert.ThrowsExactly<StreamException>(options.Validate),
            Assert.ThrowsExactly<StreamException>(hooked.ForAdmin),
            Assert.ThrowsExactly<StreamException>(() => hooked.ForProducer(1000)),
            Assert.ThrowsExactly<StreamException>(() => hooked.ForConsumer(new StreamConsumerOptions { Group = "g" }, "g")),
        ])
        {
            StringAssert.Contains(error.Message, $"setting '{key}' cannot be changed: ");
            Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        }
    }

    [TestMethod]
    [DataRow("enable.auto.commit")]
    [DataRow("enable.auto.offset.store")]
    [DataRow("auto.offset.reset")]
    [DataRow("enable.idempotence")]
    [DataRow("acks")]
    [DataRow("group.id")]
    [DataRow("partition.assignment.strategy")]
    [DataRow("partitioner")]
    [DataRow("transactional.id")]
    [DataRow("allow.auto.create.topics")]
    public void The_promises_keys_are_among_those_refused(string key) => CollectionAssert.Contains(SettingsGuard.RefusedKeys.ToList(), key);

    [TestMethod]
    public void A_hook_may_repeat_what_is_set_and_not_remove_it()
    {
        Of(options => options.ConfigureProducer = producer => producer.EnableIdempotence = true).ForProducer(1000);

        var error = Assert.ThrowsExactly<StreamException>(() => Of(options => options.ConfigureProducer = producer => producer.Acks = null).ForProducer(1000));

        StringAssert.Contains(error.Message, "KafkaProviderOptions.ConfigureProducer: setting 'acks'");
    }

    [TestMethod]
    public void A_setting_without_a_name_or_value_is_refused()
    {
        StringAssert.Contains(Assert.ThrowsExactly<StreamException>(new KafkaProviderOptions { Settings = { [" "] = "x" } }.Validate).Message, "has no name");
        StringAssert.Contains(Assert.ThrowsExactly<StreamException>(new KafkaProviderOptions { Settings = { ["client.rack"] = null! } }.Validate).Message, "'client.rack' has no value");
    }

    [TestMethod]
    [DataRow(KafkaSaslMechanism.Plain, SaslMechanism.Plain)]
    [DataRow(KafkaSaslMechanism.ScramSha256, SaslMechanism.ScramSha256)]
    [DataRow(KafkaSaslMechanism.ScramSha512, SaslMechanism.ScramSha512)]
    [DataRow(KafkaSaslMechanism.OAuthBearer, SaslMechanism.OAuthBearer)]
    [DataRow(KafkaSaslMechanism.Gssapi, SaslMechanism.Gssapi)]
    public void Every_mechanism_is_handed_on(KafkaSaslMechanism ours, SaslMechanism theirs)
    {
        var config = Of(options => options.Security.Protocol = KafkaSecurityProtocol.SaslPlaintext, options => (options.Security.Mechanism, options.Security.Username, options.Security.Password) = (ours, "u", "p")).ForAdmin();

        Assert.AreEqual((theirs, "u", "p", SecurityProtocol.SaslPlaintext), (config.SaslMechanism!.Value, config.SaslUsername, config.SaslPassword, config.SecurityProtocol!.Value));
    }

    [TestMethod]
    public void Certificates_and_the_host_name_check_are_handed_on()
    {
        var config = Of(options =>
        {
            options.Security.Protocol = KafkaSecurityProtocol.Ssl;
            (options.Security.CaLocation, options.Security.CertificateLocation, options.Security.KeyLocation, options.Security.KeyPassword) = ("ca", "c", "k", "p");
            options.Security.VerifyHostName = false;
        }).ForAdmin();

        Assert.AreEqual(("ca", "c", "k", "p"), (config.SslCaLocation, config.SslCertificateLocation, config.SslKeyLocation, config.SslKeyPassword));
        Assert.AreEqual(SslEndpointIdentificationAlgorithm.None, config.SslEndpointIdentificationAlgorithm);
        Assert.AreEqual(SslEndpointIdentificationAlgorithm.Https, Of(options => options.Security.Protocol = KafkaSecurityProtocol.Ssl).ForAdmin().SslEndpointIdentificationAlgorithm);
    }

    [TestMethod]
    [DataRow("localhost:9092", KafkaAddressFamily.Auto, BrokerAddressFamily.V4)]
    [DataRow("127.0.0.2:9092", KafkaAddressFamily.Auto, BrokerAddressFamily.V4)]
    [DataRow("a:1,LOCALHOST", KafkaAddressFamily.Auto, BrokerAddressFamily.V4)]
    [DataRow("[::1]:9092", KafkaAddressFamily.Auto, BrokerAddressFamily.Any)]
    [DataRow("kafka.example:9092", KafkaAddressFamily.Auto, BrokerAddressFamily.Any)]
    [DataRow("localhost:9092", KafkaAddressFamily.Any, BrokerAddressFamily.Any)]
    [DataRow("localhost:9092", KafkaAddressFamily.V6, BrokerAddressFamily.V6)]
    public void The_address_family_follows_the_servers_unless_it_is_given(string servers, KafkaAddressFamily family, BrokerAddressFamily expected) =>
        Assert.AreEqual(expected, Of(options => (options.BootstrapServers, options.AddressFamily) = (servers, family)).ForAdmin().BrokerAddressFamily);

    [TestMethod]
    [DataRow(KafkaCompression.None, CompressionType.None)]
    [DataRow(KafkaCompression.Gzip, CompressionType.Gzip)]
    [DataRow(KafkaCompression.Snappy, CompressionType.Snappy)]
    [DataRow(KafkaCompression.Lz4, CompressionType.Lz4)]
    [DataRow(KafkaCompression.Zstd, CompressionType.Zstd)]
    public void Every_compression_is_handed_on(KafkaCompression ours, CompressionType theirs) =>
        Assert.AreEqual(theirs, Of(options => options.Compression = ours).ForProducer(1000).CompressionType);

    private static NativeConfig Of(params Action<KafkaProviderOptions>[] changes)
    {
        var options = new KafkaProviderOptions();
        Array.ForEach(changes, change => change(options));
        return new NativeConfig(options);
    }
}
