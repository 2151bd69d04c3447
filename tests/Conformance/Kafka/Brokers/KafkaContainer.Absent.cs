namespace DashStream.Conformance.Kafka;

/// <summary>Stands where the package that starts containers cannot be restored.</summary>
internal static class KafkaContainer
{
    public static Task<(KafkaServer? Server, string Why)> StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<(KafkaServer?, string)>((null, "Containers cannot be started: the package registry lacks Testcontainers.Kafka."));
    }
}
