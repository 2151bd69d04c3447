using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>A <see cref="LoadRun"/> on brokers.</summary>
internal static class KafkaLoad
{
    private const int Partitions = 4;

    /// <summary>Sends and reads so many records; <paramref name="trouble"/> is called with the number of each thousand before it is sent.</summary>
    public static async Task AssertCostsNothingAsync(KafkaCluster cluster, int records, KafkaGroupProtocol protocol, Func<string, int, Task> trouble)
    {
        var topic = $"load-{Guid.NewGuid():N}";
        await cluster.CreateTopicAsync(topic, Partitions);
        await using var provider = cluster.ProviderFor(configure: options => (options.GroupProtocol, options.SendTimeout) = (protocol, LoadRun.Limit));

        // By a provider of its own: one that was there when the group's coordinator went may be left without an answer for minutes. That is a known fault of
        // ours (the provider's README names it), which this case, about what becomes of records, does not show.
        await LoadRun.AssertCostsNothingAsync(provider, () => cluster.ProviderFor(), topic, records, number => trouble(topic, number));
    }
}
