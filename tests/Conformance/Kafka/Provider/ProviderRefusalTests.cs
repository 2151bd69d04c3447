using System.Net;
using System.Net.Sockets;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using DashStream.Protocol;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>What cannot be done is refused as such, in bounded time, by a message that says what, where and what to do.</summary>
[TestClass]
public sealed class ProviderRefusalTests
{
    private static readonly TimeSpan OperationTimeout = TimeSpan.FromSeconds(2);

    // Twice the time-out, and room for a busy machine.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(15);

    [TestMethod]
    public async Task Where_nobody_listens_a_call_ends_in_time_and_says_so()
    {
        NativeClient.Require();
        await using var provider = new KafkaProvider(new KafkaProviderOptions { BootstrapServers = "127.0.0.1:1", OperationTimeout = OperationTimeout });

        await AssertNoAnswerAsync(provider, "127.0.0.1:1");
        var health = await provider.CheckHealthAsync();

        Assert.IsTrue(health is { Alive: true, Ready: false }, health.Description);
        StringAssert.Contains(health.Description, "127.0.0.1:1");
    }

    [TestMethod]
    public async Task Where_something_else_listens_a_call_ends_in_time_and_says_so()
    {
        NativeClient.Require();
        using var stop = new CancellationTokenSource();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = AnswerAsWebServerAsync(listener, stop.Token);
        var server = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        await using var provider = new KafkaProvider(new KafkaProviderOptions { BootstrapServers = server, OperationTimeout = OperationTimeout });

        await AssertNoAnswerAsync(provider, server);

        await stop.CancelAsync();
        await serving;
    }

    [TestMethod]
    public async Task A_missing_topic_is_not_found()
    {
        await using var provider = await KafkaProviders.OpenAsync(options => options.CreateMissingTopics = false);
        var topic = Topic();

        foreach (var call in (Func<Task>[])[() => provider.OpenProducerAsync(topic).AsTask(), () => provider.OpenConsumerAsync(topic, new StreamConsumerOptions()).AsTask()])
        {
            var error = await Assert.ThrowsExactlyAsync<StreamException>(call);
            Assert.AreEqual(StreamErrorKind.NotFound, error.Kind);
            StringAssert.Contains(error.Message, $"There is no topic '{topic}' at ");
            StringAssert.Contains(error.Message, "Create it first");
        }
    }

    [TestMethod]
    public async Task A_record_over_the_limit_is_refused_before_sending_with_both_sizes()
    {
        await using var provider = await KafkaProviders.OpenAsync(options => options.MaxRecordBytes = 10_000);
        var topic = Topic();
        await provider.Admin.CreateTopicAsync(new TopicSpec(topic) { ProviderSettings = new Dictionary<string, string> { ["max.message.bytes"] = "5000" } });
        await using var producer = await provider.OpenProducerAsync(topic);

        var overOurs = await Assert.ThrowsExactlyAsync<StreamException>(() => producer.SendAsync(Record(10_001)).AsTask());
        var overTheirs = await Assert.ThrowsExactlyAsync<StreamException>(() => producer.SendAsync(Record(6_000)).AsTask());
        var good = await producer.SendAsync(Record(4_000));

        Assert.AreEqual((StreamErrorKind.TooLarge, StreamErrorKind.TooLarge), (overOurs.Kind, overTheirs.Kind));
        StringAssert.Contains(overOurs.Message, "has 10001 bytes of key, value and headers; the limit is 10000");
        StringAssert.Contains(overTheirs.Message, "has 6000 bytes");
        StringAssert.Contains(overTheirs.Message, "takes 5000 (its max.message.bytes)");
        Assert.AreEqual(new StreamPosition(0, 0), good);
    }

    [TestMethod]
    public async Task A_limit_that_was_lowered_after_the_opening_refuses_what_is_larger_and_takes_the_next()
    {
        await using var provider = await KafkaProviders.OpenAsync(_ => { });
        var topic = Topic();
        await provider.Admin.CreateTopicAsync(new TopicSpec(topic));
        await using var producer = await provider.OpenProducerAsync(topic);
        await producer.SendAsync(Record(6_000));

        await LowerAsync(topic, 5_000);
        var error = await Providers.AssertRefusedAsync(StreamErrorKind.TooLarge, () => producer.SendAsync(Record(6_000)).AsTask());
        var good = await producer.SendAsync(Record(4_000));

        StringAssert.Contains(error.Message, $"A record for topic '{topic}' is larger than the brokers take (MsgSizeTooLarge)");
        Assert.AreEqual(new StreamPosition(0, 1), good);
    }

    [TestMethod]
    public async Task A_topic_that_cannot_be_made_as_asked_for_is_refused_with_the_reason()
    {
        await using var provider = await KafkaProviders.OpenAsync(_ => { });
        var topic = Topic();
        await provider.Admin.CreateTopicAsync(new TopicSpec($"{topic}.a", 4));

        await AssertRefusedAsync(provider, new TopicSpec($"{topic}_a", 4), StreamErrorKind.InvalidRequest, $"{topic}.a");
        await AssertRefusedAsync(provider, new TopicSpec($"{topic}.a", 2), StreamErrorKind.AlreadyExists, "exists with 4 partitions, not 2");
        await AssertRefusedAsync(provider, Setting("compression.type", "brotli"), StreamErrorKind.InvalidRequest, "is 'brotli'; allowed are none, uncompressed, gzip, snappy, lz4, zstd");
        await AssertRefusedAsync(provider, Setting("cleanup.policy", "shred"), StreamErrorKind.InvalidRequest, "'cleanup.policy' is 'shred'");
        await AssertRefusedAsync(provider, Setting("replication.factor", "zero"), StreamErrorKind.InvalidRequest, "'replication.factor' is 'zero'");
        await AssertRefusedAsync(provider, Setting("replication.factor", "99"), StreamErrorKind.InvalidRequest, "InvalidReplicationFactor");
        await AssertRefusedAsync(provider, Setting("no.such.setting", "1"), StreamErrorKind.InvalidRequest, "no.such.setting");
        await AssertRefusedAsync(provider, KafkaTopicPresets.Recommended(topic) with { ProviderSettings = InSync(5, 3) }, StreamErrorKind.InvalidRequest, "more than the 3 replicas");
        Assert.IsNull(await provider.Admin.DescribeTopicAsync(topic));
    }

    [TestMethod]
    public async Task A_native_setting_that_librdkafka_does_not_know_fails_the_first_use_by_name_and_without_secrets()
    {
        NativeClient.Require();
        await using var provider = new KafkaProvider(new KafkaProviderOptions
        {
            Settings = { ["no.such.key"] = "1", ["ssl.keystore.password"] = "hunter2" },
        });

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => provider.Admin.ListTopicsAsync().AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        StringAssert.Contains(error.Message, "no.such.key");
        Assert.DoesNotContain("hunter2", $"{error}");
    }

    [TestMethod]
    public async Task A_certificate_that_cannot_be_read_fails_the_first_use_and_health_without_the_password()
    {
        NativeClient.Require();
        var noCertificate = typeof(ProviderRefusalTests).Assembly.Location;
        await using var provider = new KafkaProvider(new KafkaProviderOptions
        {
            Security =
            {
                Protocol = KafkaSecurityProtocol.Ssl, CertificateLocation = noCertificate, KeyLocation = noCertificate, KeyPassword = "hunter2",
            },
        });

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => provider.OpenProducerAsync("any").AsTask());
        var health = await provider.CheckHealthAsync();

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        StringAssert.Contains(error.Message, "librdkafka does not take this configuration");
        Assert.IsTrue(health is { Alive: true, Ready: false }, health.Description);
        Assert.DoesNotContain("hunter2", $"{error}{health.Description}");
    }

    [TestMethod]
    public async Task A_poisoned_record_between_good_ones_is_told_and_the_good_ones_arrive()
    {
        await using var provider = await KafkaProviders.OpenAsync(_ => { });
        var topic = Topic();
        await provider.Admin.CreateTopicAsync(new TopicSpec(topic));
        await using var producer = await DashStreamProducer.OpenAsync(provider, topic);
        await using var raw = await provider.OpenProducerAsync(topic);
        await producer.SendAsync(Chunk("before"));
        var poisoned = await raw.SendAsync(new StreamRecord("thread"u8.ToArray(), "\u00ff\u00ff no frame \u00ff"u8.ToArray()));
        await producer.SendAsync(Chunk("after"));
        var failed = new List<FailedDelivery>();
        var options = new DashStreamConsumerOptions { OnFailure = (delivery, _) => { failed.Add(delivery); return new(FailureAction.Skip); } };
        await using var consumer = await DashStreamConsumer.OpenAsync(provider, topic, "readers", options);

        var texts = new List<string>();
        await foreach (var message in consumer.ReadAllAsync())
        {
            texts.Add(message.Message.TokenChunk.Text);
            if (texts.Count == 2)
            {
                break;
            }
        }

        Assert.AreEqual("before, after", string.Join(", ", texts));
        Assert.AreEqual(poisoned, failed.Single().Record.Position);
        Assert.IsInstanceOfType<CodecException>(failed[0].Error);
    }

    private static StreamRecord Record(int bytes) => new(default, new byte[bytes]);

    private static DashStreamMessage Chunk(string text) => new()
    {
        TokenChunk = new TokenChunk { Header = new Protocol.Header { ThreadId = "thread" }, Text = text },
    };

    private static string Topic() => $"refusal-{Guid.NewGuid():N}";

    private static async Task LowerAsync(string topic, int bytes)
    {
        var server = await KafkaServerFixture.ServerAsync();
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = server.BootstrapServers }).Build();
        var setting = new ConfigEntry { Name = "max.message.bytes", Value = $"{bytes}", IncrementalOperation = AlterConfigOpType.Set };
        await admin.IncrementalAlterConfigsAsync(new() { [new ConfigResource { Type = ResourceType.Topic, Name = topic }] = [setting] });
    }

    private static TopicSpec Setting(string name, string value) => new(Topic()) { ProviderSettings = new Dictionary<string, string> { [name] = value } };

    private static Dictionary<string, string> InSync(int inSync, int replicas) => new() { ["min.insync.replicas"] = $"{inSync}", ["replication.factor"] = $"{replicas}" };

    private static async Task AssertRefusedAsync(KafkaProvider provider, TopicSpec topic, StreamErrorKind kind, string reason)
    {
        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => provider.Admin.CreateTopicAsync(topic).AsTask());
        Assert.AreEqual(kind, error.Kind, error.Message);
        StringAssert.Contains(error.Message, reason);
        StringAssert.Contains(error.Message, topic.Name);
    }

    private static async Task AssertNoAnswerAsync(KafkaProvider provider, string server)
    {
        var started = TimeProvider.System.GetTimestamp();
        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => provider.OpenProducerAsync("any").AsTask());
        Assert.IsLessThan(Bound, TimeProvider.System.GetElapsedTime(started));
        Assert.IsTrue(error.Kind is StreamErrorKind.Timeout or StreamErrorKind.Transient, $"{error}");
        foreach (var part in (string[])["Describing topic 'any'", server, "Last seen: ", "KafkaProviderOptions.BootstrapServers"])
        {
            StringAssert.Contains(error.Message, part);
        }
    }

    private static async Task AnswerAsWebServerAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        var answer = Encoding.ASCII.GetBytes("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(cancellationToken);
                await client.GetStream().ReadAtLeastAsync(new byte[16], 1, throwOnEndOfStream: false, cancellationToken);
                await client.GetStream().WriteAsync(answer, cancellationToken);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // The client has gone, or the test is over.
            }
        }
    }
}
