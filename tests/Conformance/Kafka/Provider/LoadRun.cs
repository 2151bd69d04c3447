using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>A producer and a consumer at work while something happens to the brokers.</summary>
internal static class LoadRun
{
    private const int Partitions = 4;
    private const int Keys = 100;
    private const string Group = "load";

    // Far longer than any trouble that a test makes.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    /// <summary>Sends and reads so many records; <paramref name="trouble"/> is called with the number of each thousand before it is sent.</summary>
    public static async Task AssertCostsNothingAsync(KafkaCluster cluster, int records, KafkaGroupProtocol protocol, Func<string, int, Task> trouble)
    {
        var topic = $"load-{Guid.NewGuid():N}";
        await cluster.CreateTopicAsync(topic, Partitions);
        await using var provider = cluster.ProviderFor(configure: options => (options.GroupProtocol, options.SendTimeout) = (protocol, Limit));
        var account = new LoadAccount(records, Keys);
        await using var producer = await provider.OpenProducerAsync(topic);
        await using var consumer = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = Group });
        using var stop = new CancellationTokenSource(Limit);

        var reading = account.ReadAsync(consumer, stop.Token);
        await account.SendAllAsync(producer, number => trouble(topic, number));
        await reading;
        var receipt = await producer.FlushAsync();

        Console.WriteLine(account);
        await account.AssertWholeAsync(provider, topic, Group);
        Assert.AreEqual(new FlushReceipt(records, 0, 0), receipt);
    }

    /// <summary>The first thousand at or behind a share of the records.</summary>
    public static int At(int records, int parts, int of) => records * parts / of / 1_000 * 1_000;
}
