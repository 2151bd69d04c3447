using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>The server that a test run shares.</summary>
[TestClass]
public sealed class SharedServerTests
{
    [TestMethod]
    public async Task Every_test_gets_the_same_server_and_it_works()
    {
        var server = await KafkaServerFixture.ServerAsync();
        var topic = $"shared-{Guid.NewGuid():N}";
        if (server.IsReal)
        {
            using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = server.BootstrapServers }).Build();
            await admin.CreateTopicsAsync([new() { Name = topic, NumPartitions = 1 }]);
        }

        var written = await RawClient.WriteAsync(new ClientConfig { BootstrapServers = server.BootstrapServers }, topic, "hello");

        Assert.AreEqual(0, written.Offset.Value);
        Assert.AreSame(server, await KafkaServerFixture.ServerAsync());
    }

    [TestMethod]
    public async Task The_mock_cluster_takes_messages_where_there_is_no_server()
    {
        NativeClient.Require();
        await using var mock = MockKafka.Start("this test asked for it.");
        var config = new ClientConfig { BootstrapServers = mock.BootstrapServers };

        await RawClient.WriteAsync(config, "mocked", "hello");

        Assert.AreEqual("hello", (await RawClient.ReadAsync(config, "mocked", partitions: 4)).Single());
        Assert.ThrowsExactly<AssertInconclusiveException>(mock.RequireReal);
    }
}
