namespace DashStream.Conformance.Kafka;

/// <summary>A test run that holds a broker and does not come to its end: prints a port and the folder of its broker, and waits to be killed.</summary>
internal static class ClusterProgram
{
    public static async Task<int> RunAsync()
    {
        var cluster = await KafkaCluster.StartAsync();
        await Console.Out.WriteLineAsync($"{cluster.Node.InternalPort} {Path.GetDirectoryName(cluster.Node.Folder)}");
        await Task.Delay(Timeout.InfiniteTimeSpan);
        return 0;
    }
}
