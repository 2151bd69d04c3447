using DotNet.Testcontainers.Builders;
using Testcontainers.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>A broker in a container, where there is Docker. Compiled in the full set of packages only.</summary>
internal static class KafkaContainer
{
    private const string Image = "apache/kafka:4.3.1";

    public static async Task<(KafkaServer? Server, string Why)> StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var container = new KafkaBuilder(Image)
                .WithEnvironment("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
                .WithEnvironment("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000")
                .Build();
            await container.StartAsync(cancellationToken);
            var address = $"{container.Hostname}:{container.GetMappedPublicPort(KafkaBuilder.KafkaPort)}";
            return (new KafkaServer(address, $"{Image} in a container", IsReal: true, container.DisposeAsync), "");
        }
        catch (DockerUnavailableException e)
        {
            return (null, $"Containers cannot be started: {e.Message}");
        }
    }
}
