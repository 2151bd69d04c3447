namespace DashStream.Conformance.Redis;

/// <summary>A test run that holds a server and does not come to its end: prints the server's port and folder, and waits to be killed.</summary>
internal static class ServerProgram
{
    public static async Task<int> RunAsync()
    {
        var node = await RedisNode.StartAsync();
        await Console.Out.WriteLineAsync($"{node.Port} {node.Folder}");
        await Task.Delay(Timeout.InfiniteTimeSpan);
        return 0;
    }
}
