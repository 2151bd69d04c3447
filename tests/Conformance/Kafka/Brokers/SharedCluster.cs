namespace DashStream.Conformance.Kafka;

/// <summary>A cluster that the tests of one class share: started by the first that asks. Without a Kafka each of them is skipped, naming what is missing.</summary>
internal sealed class SharedCluster(KafkaClusterOptions? options = null) : IAsyncDisposable
{
    private Task<KafkaCluster>? _cluster;

    /// <summary>The cluster, started now if it was not. Not for concurrent tests.</summary>
    public Task<KafkaCluster> StartedAsync() => _cluster ??= KafkaCluster.StartAsync(options);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is { IsCompletedSuccessfully: true } started)
        {
            await (await started).DisposeAsync();
        }
    }
}
