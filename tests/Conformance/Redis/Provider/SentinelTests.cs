using System.Globalization;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>The master is found by the name that sentinels watch it under, and another one when it is gone.</summary>
[TestClass]
public sealed class SentinelTests
{
    private const string Topic = "events";

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
        // What was read before a replica had it may be gone from the heir; it is sent again and read at its new place.
        var handling = NumberedMember.Start(member, count, StreamErrorKind.Fenced, StreamErrorKind.OutOfRange);

        var sends = ProviderUnderTest.Send(producer, 0, count / 2);
        await Eventually.TrueAsync(() => Task.FromResult(Array.Exists(sends, static send => send.IsCompleted)), "the first record to be stored");
        await master.BreakAsync(fault);
        sends = [.. sends, .. ProviderUnderTest.Send(producer, count / 2, count / 4)];
        await Eventually.TrueAsync(async () => await sentinels.MasterPortAsync() != master.PlainPort, "the sentinels to take another master");
        await master.MendAsync(fault);
        sends = [.. sends, .. ProviderUnderTest.Send(producer, count - (count / 4), count / 4)];
        var positions = await Task.WhenAll(sends).WaitAsync(TimeSpan.FromMinutes(2));
        await handling.AssertHasAllAsync();

        // Every record lies where its send was told, once and in order, on the server that took over.
        await using var reader = await provider.OpenConsumerAsync(Topic, new StreamConsumerOptions { Start = SeekTarget.Beginning });
        var read = await ProviderUnderTest.ReadAsync(reader, count);
        CollectionAssert.AreEqual(positions, read.Select(static record => record.Position!.Value).ToArray());
        ProviderUnderTest.AssertSequence(count, read);
        var heir = await sentinels.MasterPortAsync() == one.PlainPort ? one : two;
        Assert.AreEqual((long)count, await heir.CallAsync("XLEN", ProviderUnderTest.Stream(Topic)));
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
