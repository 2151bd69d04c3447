using DashStream.Conformance.Servers;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>What options change, and what they leave as it was.</summary>
[TestClass]
public sealed class ProviderOptionsTests
{
    private const string Topic = "events";

    [TestMethod]
    public async Task Approximate_trimming_leaves_a_little_more_and_says_where_the_log_begins()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: static options => options.ApproximateTrim = true);
        var positions = await redis.SendAsync(Topic, 1000);
        await using var early = await redis.OpenReaderAsync(Topic);

        await redis.Provider.Admin.TrimAsync(Topic, positions[555]);

        var left = (await redis.Provider.Admin.DescribeTopicAsync(Topic))!.Partitions[0];
        await using var late = await redis.OpenReaderAsync(Topic);
        var records = await ProviderUnderTest.ReadAsync(late, (int)left.Records!.Value);
        var batch = await early.ReadAsync(TimeSpan.FromSeconds(5));
        Assert.IsFalse(redis.Provider.Capabilities.ExactRetention);
        Assert.IsInRange(445L, 545L, left.Records.Value);
        Assert.AreEqual(records[0].Position!.Value.Offset, left.Bounds.Begin);
        CollectionAssert.AreEqual(Enumerable.Range(1000 - records.Count, records.Count).ToArray(), records.Select(ProviderUnderTest.NumberOf).ToArray());
        Assert.AreEqual(left.Bounds.Begin, batch.Gaps.Single().To);
        Assert.AreEqual(positions[0].Offset, batch.Gaps.Single().From);
    }

    [TestMethod]
    public async Task Retention_by_size_and_age_works_with_approximate_trimming_too()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: static options => options.ApproximateTrim = true);
        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec("sized", 1) { RetentionBytes = 2048 });
        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec("aged", 1) { RetentionAge = TimeSpan.FromHours(1) });
        await redis.SendAsync("sized", 1000);
        await using (var producer = await redis.Provider.OpenProducerAsync("aged"))
        {
            await Task.WhenAll(Enumerable.Range(0, 1000).Select(number =>
                producer.SendAsync(new StreamRecord("key"u8.ToArray(), new byte[10], timestampUs: number < 700 ? 1_000_000 + number : 0)).AsTask()));
        }

        await redis.Provider.Admin.ApplyRetentionAsync("sized");
        var removed = await redis.Provider.Admin.ApplyRetentionAsync("aged");

        Assert.IsLessThanOrEqualTo(2048L, (await redis.Provider.Admin.DescribeTopicAsync("sized"))!.Partitions[0].SizeBytes!.Value);
        Assert.IsInRange(600L, 700L, removed);
    }

    [TestMethod]
    public async Task Without_pending_records_the_native_group_follows_commits_only()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: static options => options.TrackPending = false);
        var positions = await redis.SendAsync(Topic, 10);
        await using var member = await redis.JoinAsync(Topic, "billing");

        await ProviderUnderTest.ReadAsync(member, 10);
        await member.CommitAsync([positions[5]]);

        await Eventually.TrueAsync(async () => (await redis.Node.CallAsync("XINFO", "GROUPS", ProviderUnderTest.Stream(Topic))) is IReadOnlyList<object?> { Count: 1 }, "the group to show");
        var group = (IReadOnlyList<object?>)((IReadOnlyList<object?>)(await redis.Node.CallAsync("XINFO", "GROUPS", ProviderUnderTest.Stream(Topic)))!)[0]!;
        var pending = (IReadOnlyList<object?>)(await redis.Node.CallAsync("XPENDING", ProviderUnderTest.Stream(Topic), "billing"))!;
        Assert.AreEqual(4L, group[group.ToList().IndexOf("lag") + 1]);
        Assert.AreEqual(0L, pending[0]);
    }

    [TestMethod]
    public async Task Producers_spread_over_several_connections_and_keep_their_order()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: static options => options.WriteConnections = 4);
        var producers = new List<IStreamProducer>();
        for (var i = 0; i < 32; i++)
        {
            producers.Add(await redis.Provider.OpenProducerAsync($"events-{i}"));
        }

        await Task.WhenAll(producers.SelectMany(static producer => ProviderUnderTest.Send(producer, 0, 200)));
        var clients = (string)(await redis.Node.CallAsync("CLIENT", "LIST"))!;

        Assert.AreEqual(4, clients.Split('\n').Count(static client => client.Contains("name=dashstream-write ", StringComparison.Ordinal)));
        foreach (var producer in producers)
        {
            await using var reader = await redis.OpenReaderAsync(producer.Topic);
            ProviderUnderTest.AssertSequence(200, await ProviderUnderTest.ReadAsync(reader, 200));
            await producer.DisposeAsync();
        }
    }

    [TestMethod]
    public async Task Stores_of_different_prefixes_in_one_database_do_not_see_each_other()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await redis.SendAsync(Topic, 3);
        var options = new RedisProviderOptions { KeyPrefix = "other", DefaultPartitions = 1, CreateMissingTopics = false };
        options.Connection.Endpoints = redis.Node.Endpoint;
        await using var other = new RedisProvider(options);

        Assert.IsEmpty(await other.Admin.ListTopicsAsync());
        Assert.IsNull(await other.Admin.DescribeTopicAsync(Topic));
    }
}
