using DotNet.Testcontainers.Builders;
using Testcontainers.Redis;

namespace DashStream.Conformance.Redis;

/// <summary>A server in a container, where there is Docker. Compiled in the full set of packages only.</summary>
internal static class RedisContainer
{
    private const string Image = "redis:7.4";

    public static async Task<(RedisServer? Server, string Why)> StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var container = new RedisBuilder(Image).WithCommand("redis-server", "--appendonly", "yes").Build();
            await container.StartAsync(cancellationToken);
            var address = $"{container.Hostname}:{container.GetMappedPublicPort(RedisBuilder.RedisPort)}";
            return (new RedisServer(address, $"{Image} in a container", container.DisposeAsync), "");
        }
        catch (DockerUnavailableException e)
        {
            return (null, $"Containers cannot be started: {e.Message}");
        }
    }
}
