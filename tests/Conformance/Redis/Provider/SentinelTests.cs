using System.Globalization;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>The master is found by the name that sentinels watch it under, and another one when it is gone.</summary>
[TestClass]
public sealed class SentinelTests
{
    private const string Topic = "events";

    private StreamException? _last;

    [TestMethod]
    public async Task The_master_is_found_by_its_name()
    {
        await using var node = await RedisNode.StartAsync();
        await using var sentinels = await RedisSentinels.StartAsync(node, count: 1);
        await using var provider = Open(sentinels, RedisSentinels.Master);
        await using var unknown = Open(sentinels, "theirs");

        await Eventually.TrueAsync(async () => (await provider.CheckHealthAsync()).Ready, "the sentinel to name the master");
        await using var producer = await provider.OpenProducerAsync(Topic);
        await producer.SendAsync(ProviderUnderTest.Record(1));
        var error = await Assert.ThrowsAsync<StreamException>(() => unknown.OpenProducerAsync(Topic).AsTask());

        Assert.AreEqual(1L, await node.CallAsync("XLEN", ProviderUnderTest.Stream(Topic)));
        Assert.AreEqual(StreamErrorKind.NotFound, error.Kind, error.ToString());
    }

    [TestMethod]
    [DataRow(NodeFault.Kill)]
    [DataRow(NodeFault.Suspend)]
    public async Task A_replica_takes_over_while_records_flow_and_nothing_that_it_was_waited_for_is_lost(NodeFault fault)
    {
        const int count = 20_000;
        await using var master = await RedisNode.StartAsync(Impatient());
        var replica = Impatient($"replicaof 127.0.0.1 {master.PlainPort}");
        await using var one = await RedisNode.StartAsync(replica);
        await using var two = await RedisNode.StartAsync(replica);
        await using var sentinels = await RedisSentinels.StartAsync(master, count: 3);
        await sentinels.AssertKnowAsync(replicas: 2);
        await using var provider = Open(sentinels, RedisSentinels.Master, minReplicas: 1);
        await using var member = await provider.OpenConsumerAsync(Topic, new StreamConsumerOptions { Group = "g", Start = SeekTarget.Beginning });
        await using var producer = await provider.OpenProducerAsync(Topic);
        var handled = new SortedSet<int>();
        var reading = HandleAsync(member, count, handled);

        var sends = Send(producer, 0, count / 2);
        await Eventually.TrueAsync(() => Task.FromResult(Array.Exists(sends, static send => send.IsCompleted)), "the first record to be stored");
        await master.BreakAsync(fault);
        sends = [.. sends, .. Send(producer, count / 2, count / 4)];
        await Eventually.TrueAsync(async () => await sentinels.MasterPortAsync() != master.PlainPort, "the sentinels to take another master");
        await master.MendAsync(fault);
        sends = [.. sends, .. Send(producer, count - (count / 4), count / 4)];
        var positions = await Task.WhenAll(sends).WaitAsync(TimeSpan.FromMinutes(2));
        if (await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMinutes(1))) != reading)
        {
            Assert.Fail($"{handled.Count} of {count} were handled; missing from {Enumerable.Range(0, count).First(number => !handled.Contains(number))} on, last error: {_last}");
        }

        await reading;

        // Every record lies where its send was told, once and in order, on the server that took over.
        await using var reader = await provider.OpenConsumerAsync(Topic, new StreamConsumerOptions { Start = SeekTarget.Beginning });
        var read = await ProviderUnderTest.ReadAsync(reader, count);
        CollectionAssert.AreEqual(positions, read.Select(static record => record.Position!.Value).ToArray());
        CollectionAssert.AreEqual(Enumerable.Range(0, count).ToArray(), read.Select(ProviderUnderTest.NumberOf).ToArray());
        var heir = await sentinels.MasterPortAsync() == one.PlainPort ? one : two;
        Assert.AreEqual((long)count, await heir.CallAsync("XLEN", ProviderUnderTest.Stream(Topic)));
        Assert.HasCount(count, handled);
    }

    private static Task<StreamPosition>[] Send(IStreamProducer producer, int from, int count) =>
        [.. Enumerable.Range(from, count).Select(number => producer.SendAsync(ProviderUnderTest.Record(number)).AsTask())];

    // What was read before a replica had it may be gone from the heir; it is sent again and read at its new place.
    private async Task HandleAsync(IStreamConsumer member, int count, SortedSet<int> handled)
    {
        while (handled.Count < count)
        {
            try
            {
                var batch = await member.ReadAsync(TimeSpan.FromSeconds(1));
                Assert.IsEmpty(batch.Gaps);
                handled.UnionWith(batch.Records.Select(ProviderUnderTest.NumberOf));
                if (batch.Records.Count > 0)
                {
                    await member.CommitAsync([batch.Records[^1].Position!.Value]);
                }
            }
            catch (StreamException e) when (e.IsTransient || e.Kind is StreamErrorKind.Fenced or StreamErrorKind.OutOfRange)
            {
                _last = e;
                await Task.Delay(20);
            }
        }
    }

    private static RedisNodeOptions Impatient(params string[] settings) => new() { Settings = ["repl-diskless-sync-delay 0", .. settings] };

    private static RedisProvider Open(RedisSentinels sentinels, string master, int minReplicas = 0)
    {
        var options = new RedisProviderOptions { DefaultPartitions = 1, MinReplicas = minReplicas, SendTimeout = TimeSpan.FromMinutes(2), MaxBatchRecords = 500 };
        options.Connection.Endpoints = sentinels.Endpoints;
        options.Connection.SentinelMaster = master;
        options.Connection.CommandTimeout = TimeSpan.FromSeconds(1);
        options.Connection.ConnectTimeout = TimeSpan.FromSeconds(1);
        return new RedisProvider(options);
    }
}
