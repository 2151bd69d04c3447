using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>The plain client, to prove the brokers themselves and to look at what ours wrote.</summary>
internal static class RawClient
{
    /// <summary>Writes one message with every acknowledgement there is; fails after <paramref name="patience"/>.</summary>
    public static async Task<TopicPartitionOffset> WriteAsync(ClientConfig config, string topic, string value, TimeSpan? patience = null)
    {
        var settings = new ProducerConfig(Copy(config))
        {
            Acks = Acks.All,
            EnableIdempotence = true,
            MessageTimeoutMs = (int)(patience ?? Eventually.Patience).TotalMilliseconds,
            ReconnectBackoffMaxMs = 500,
        };
        using var producer = new ProducerBuilder<string, string>(settings).SetLogHandler((_, _) => { }).Build();
        return (await producer.ProduceAsync(topic, new Message<string, string> { Key = value, Value = value })).TopicPartitionOffset;
    }

    /// <summary>The values of a topic from the beginning, partition after partition, up to where it ends now.</summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(ClientConfig config, string topic, int partitions = 1)
    {
        var settings = new ConsumerConfig(Copy(config))
        {
            GroupId = $"reader-{Guid.NewGuid():N}",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            ReconnectBackoffMaxMs = 500,
        };
        return await Task.Run(() => Read(settings, topic, partitions));
    }

    /// <summary>Fails unless the only partition of a topic holds exactly these values.</summary>
    public static async Task AssertHoldsAsync(ClientConfig config, string topic, params string[] values) =>
        Assert.AreEqual(string.Join(", ", values), string.Join(", ", await ReadAsync(config, topic)));

    /// <summary>The first error by which the client says that it cannot get in.</summary>
    public static async Task<Error> RefusalAsync(ClientConfig config)
    {
        var refused = new TaskCompletionSource<Error>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var admin = new AdminClientBuilder(new AdminClientConfig(Copy(config)))
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, error) =>
            {
                if (error.Code != ErrorCode.Local_AllBrokersDown)
                {
                    refused.TrySetResult(error);
                }
            })
            .Build();
        return await refused.Task.WaitAsync(Eventually.Patience);
    }

    private static List<string> Read(ConsumerConfig settings, string topic, int partitions)
    {
        using var consumer = new ConsumerBuilder<string, string>(settings).SetLogHandler((_, _) => { }).Build();
        var values = new List<string>();
        for (var partition = 0; partition < partitions; partition++)
        {
            consumer.Assign(new TopicPartitionOffset(topic, partition, Offset.Beginning));
            while (true)
            {
                var result = consumer.Consume(Eventually.Patience) ?? throw new TimeoutException($"Nothing came from {topic}[{partition}], not even its end.");
                if (result.IsPartitionEOF)
                {
                    break;
                }

                values.Add(result.Message.Value);
            }
        }

        return values;
    }

    private static Dictionary<string, string> Copy(ClientConfig config) => config.ToDictionary(setting => setting.Key, setting => setting.Value);
}
