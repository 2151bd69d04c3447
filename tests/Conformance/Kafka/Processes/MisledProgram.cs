using System.Globalization;
using Confluent.Kafka;
using DashStream.Providers;
using Microsoft.Extensions.Logging.Abstractions;

namespace DashStream.Conformance.Kafka;

/// <summary>Asks for the commits of a group, while the broker answers so often that it is not the coordinator; prints the one that there is, and ends.</summary>
internal static class MisledProgram
{
    private static readonly TopicPartition Read = new("misled", 0);

    public static async Task<int> RunAsync(string refusals)
    {
        using var mock = new MisledMock();
        var config = new ClientConfig { BootstrapServers = mock.Servers };
        await RawClient.WriteAsync(config, Read.Topic, "one");
        using (var member = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig(config) { GroupId = "g" }).Build())
        {
            member.Commit([new TopicPartitionOffset(Read, 1)]);
        }

        mock.DisownCommits(int.Parse(refusals, CultureInfo.InvariantCulture));
        var options = new KafkaProviderOptions { BootstrapServers = mock.Servers };
        await using var cluster = new DashStream.Providers.KafkaCluster(options, TimeProvider.System, NullLogger.Instance);
        var committed = await new GroupRequests(cluster).CommittedAsync("g", [Read], CancellationToken.None);
        await Console.Out.WriteLineAsync($"{committed[Read]}");
        return 0;
    }
}
