namespace DashStream.Conformance.Redis;

/// <summary>Stands where the package that starts containers cannot be restored.</summary>
internal static class RedisContainer
{
    public static Task<(RedisServer? Server, string Why)> StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<(RedisServer?, string)>((null, "Containers cannot be started: the package registry lacks Testcontainers.Redis."));
    }
}
