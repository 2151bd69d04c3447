namespace DashStream.Conformance.Redis;

/// <summary>
/// 100,000 records of a hundred keys flow through four partitions while the server has one trouble after the other: sent equals handled, each key in order, nothing
/// stored twice, and nothing handled again that was committed.
/// </summary>
[TestClass]
public sealed class LoadTests
{
    private const int Records = 100_000;

    [TestMethod]
    public async Task Kills_pauses_cuts_and_forgotten_scripts_cost_nothing()
    {
        await using var redis = await ProviderUnderTest.StartAsync(new RedisNodeOptions { ThroughProxy = true }, static options =>
        {
            options.Connection.CommandTimeout = TimeSpan.FromSeconds(1);
            options.Connection.ConnectTimeout = TimeSpan.FromSeconds(1);
            options.SendTimeout = LoadRun.Limit;
        });
        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec("load") { Partitions = 4 });
        NodeFault[] faults = [NodeFault.Kill, NodeFault.Suspend, NodeFault.Cut, NodeFault.Hang, NodeFault.MakeReplica];
        var troubles = faults.Select((fault, i) => (At: LoadRun.At(Records, i + 1, faults.Length + 2), Fault: fault)).ToDictionary(static one => one.At, static one => one.Fault);
        var making = Task.CompletedTask;

        await LoadRun.AssertCostsNothingAsync(redis.Provider, redis.Open, "load", Records, MakeTroubleAsync, static offset => (ulong)offset - 1);
        await making;

        async Task MakeTroubleAsync(int number)
        {
            if (troubles.TryGetValue(number, out var fault))
            {
                await making;
                making = BreakAndMendAsync(redis.Node, fault);
            }
            else if (number == LoadRun.At(Records, faults.Length + 1, faults.Length + 2))
            {
                await making;
                await redis.Node.CallAsync("SCRIPT", "FLUSH");
            }
        }
    }

    private static async Task BreakAndMendAsync(RedisNode node, NodeFault fault)
    {
        await node.BreakAsync(fault);
        await Task.Delay(TimeSpan.FromSeconds(2));
        await node.MendAsync(fault);
    }
}
