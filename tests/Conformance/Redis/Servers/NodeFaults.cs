namespace DashStream.Conformance.Redis;

/// <summary>Makes the troubles of <see cref="NodeFault"/>.</summary>
internal static class NodeFaults
{
    /// <summary>Makes the trouble; returns while it lasts.</summary>
    public static async Task BreakAsync(this RedisNode node, NodeFault fault)
    {
        switch (fault)
        {
            case NodeFault.Kill:
                await node.KillAsync();
                break;
            case NodeFault.Suspend:
                await node.SuspendAsync();
                break;
            case NodeFault.Sleep:
                await using (var session = await node.ConnectAsync())
                {
                    await session.SendAsync("DEBUG", "SLEEP", "4");
                    await Eventually.TrueAsync(() => IsSilentAsync(node), "the server to be asleep");
                }

                break;
            case NodeFault.Cut:
                node.Proxy!.Cut();
                break;
            case NodeFault.Hang:
                node.Proxy!.Hang();
                break;
            case NodeFault.Fill:
                await node.CallAsync("CONFIG", "SET", "maxmemory", "1");
                break;
            case NodeFault.MakeReplica:
                await node.CallAsync("REPLICAOF", "127.0.0.1", $"{FreePorts.Next()}");
                break;
        }
    }

    /// <summary>Ends the trouble, and returns when the server answers again.</summary>
    public static async Task MendAsync(this RedisNode node, NodeFault fault)
    {
        switch (fault)
        {
            case NodeFault.Kill:
                await node.StartAgainAsync();
                break;
            case NodeFault.Suspend:
                await node.ResumeAsync();
                break;
            case NodeFault.Cut or NodeFault.Hang:
                node.Proxy!.Resume();
                break;
            case NodeFault.Fill:
                await node.CallAsync("CONFIG", "SET", "maxmemory", "0");
                break;
            case NodeFault.MakeReplica:
                await node.CallAsync("REPLICAOF", "NO", "ONE");
                break;
        }
    }

    private static async Task<bool> IsSilentAsync(RedisNode node)
    {
        var answer = node.CallAsync("PING");
        return await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(100))) != answer;
    }
}
