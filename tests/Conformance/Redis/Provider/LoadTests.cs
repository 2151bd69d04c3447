namespace DashStream.Conformance.Redis;

/// <summary>
/// 100,000 records of a hundred keys flow through four partitions while the server has one trouble after the other: sent equals handled, each key in order, nothing
/// stored twice, and nothing handled again that was committed.
/// </summary>
[TestClass]
public sealed class LoadTests
{
    private const int Records = 100_000;
    private const int Chunk = 1_000;

    [TestMethod]
    public async Task Kills_pauses_cuts_and_forgotten_scripts_cost_nothing()
    {
        await using var redis = await ProviderUnderTest.StartAsync(new RedisNodeOptions { ThroughProxy = true }, static options =>
        {
            // Shorter than the troubles, and long enough for a slow disk under the log.
            options.Connection.CommandTimeout = TimeSpan.FromSeconds(2);
            options.Connection.ConnectTimeout = TimeSpan.FromSeconds(2);
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

    [TestMethod]
    public async Task A_full_server_refuses_batches_whole_and_takes_them_when_there_is_room()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec("full") { Partitions = 4 });
        var account = new LoadAccount(Records, LoadRun.Keys, static offset => (ulong)offset - 1);
        await using var producer = await redis.Provider.OpenProducerAsync("full");
        await using var consumer = await redis.Provider.OpenConsumerAsync("full", new StreamConsumerOptions { Group = "full" });
        using var stop = new CancellationTokenSource(LoadRun.Limit);
        var reading = account.ReadAsync(consumer, stop.Token);
        var refused = 0;
        for (var number = 0; number < Records; number += Chunk)
        {
            StreamRecord[] records = [.. Enumerable.Range(number, Chunk).Select(account.Record)];
            if (number % (20 * Chunk) == 10 * Chunk)
            {
                await redis.Node.BreakAsync(NodeFault.Fill);
                var results = await producer.SendBatchAsync(records);
                Assert.IsTrue(results.All(static result => result.Error is { Kind: StreamErrorKind.Full }), "Refused, whole, by its kind.");
                refused += results.Count;
                var sent = number;
                await Eventually.TrueAsync(() => account.Handled == sent, "everything that was stored is read, full or not");
                await redis.Node.MendAsync(NodeFault.Fill);
            }

            Assert.IsTrue((await producer.SendBatchAsync(records)).All(static result => result.IsStored));
        }

        await reading;
        await account.AssertWholeAsync(redis.Provider, "full", "full");
        Assert.AreEqual(new FlushReceipt(Records, refused, 0), await producer.FlushAsync());
    }

    private static async Task BreakAndMendAsync(RedisNode node, NodeFault fault)
    {
        await node.BreakAsync(fault);
        await Task.Delay(TimeSpan.FromSeconds(3));
        await node.MendAsync(fault);
    }
}
