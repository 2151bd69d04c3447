using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>What users of redis-cli see: names, fields and figures.</summary>
[TestClass]
public sealed class FiguresTests
{
    [TestMethod]
    public async Task Xinfo_and_xpending_follow_reads_and_commits()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        var positions = await redis.SendAsync("events", 10);
        await using var member = await redis.JoinAsync("events", "billing");

        var read = await ProviderUnderTest.ReadAsync(member, 10);
        await Eventually.TrueAsync(async () => await PendingAsync(redis) == 10, "what was delivered to be pending");
        var delivered = await GroupAsync(redis);
        await member.CommitAsync([read[5].Position!.Value]);
        await Eventually.TrueAsync(async () => await PendingAsync(redis) == 4, "what was committed to be acknowledged");
        await member.CommitAsync([read[9].Position!.Value]);
        await Eventually.TrueAsync(async () => await PendingAsync(redis) == 0, "everything to be acknowledged");
        await redis.SendAsync("events", 3);
        var behind = await GroupAsync(redis);

        Assert.AreEqual("billing", delivered["name"]);
        Assert.AreEqual(1L, delivered["consumers"]);
        Assert.AreEqual(10L, delivered["entries-read"]);
        Assert.AreEqual(0L, delivered["lag"]);
        Assert.AreEqual(RedisIds.ToText(positions[9].Offset), delivered["last-delivered-id"]);
        Assert.AreEqual(3L, behind["lag"]);
    }

    [TestMethod]
    public async Task An_heir_takes_over_what_a_dead_member_held()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await redis.SendAsync("events", 10);
        var first = await redis.JoinAsync("events", "billing", "first");
        await ProviderUnderTest.ReadAsync(first, 10);
        await Eventually.TrueAsync(async () => (await ConsumersAsync(redis)).Exists(consumer => consumer.Name.StartsWith("first-", StringComparison.Ordinal) && consumer.Pending == 10), "the first to hold all");

        await first.DisposeAsync();
        await using var second = await redis.JoinAsync("events", "billing", "second");
        var read = await ProviderUnderTest.ReadAsync(second, 10);

        await Eventually.TrueAsync(async () => (await ConsumersAsync(redis)).Exists(consumer => consumer.Name.StartsWith("second-", StringComparison.Ordinal) && consumer.Pending == 10), "the heir to hold all");
        await second.CommitAsync([read[^1].Position!.Value]);
        await Eventually.TrueAsync(async () => await ConsumersAsync(redis) is [{ Pending: 0 }], "only the heir to be left, holding nothing");
    }

    [TestMethod]
    public async Task A_reset_and_a_deleted_group_show()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        var positions = await redis.SendAsync("events", 10);

        await redis.Provider.Admin.ResetGroupAsync("events", "billing", 0, SeekTarget.At(positions[4].Offset));
        var reset = await GroupAsync(redis);
        await redis.Provider.Admin.DeleteGroupAsync("events", "billing");

        Assert.AreEqual(6L, reset["lag"]);
        Assert.IsEmpty((IReadOnlyList<object?>)(await redis.Node.CallAsync("XINFO", "GROUPS", ProviderUnderTest.Stream("events")))!);
    }

    [TestMethod]
    public async Task An_entry_can_be_read_by_people()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec("events"));
        await using var producer = await redis.Provider.OpenProducerAsync("events");

        await producer.SendAsync(new StreamRecord("key"u8.ToArray(), "value"u8.ToArray(), [new StreamHeader("b", "1"), new StreamHeader("a", "2"), new StreamHeader("b", "")], 1_700_000_000_000_123));
        await producer.SendAsync(new StreamRecord(default, (byte[]?)null, timestampUs: 1));

        var entries = (IReadOnlyList<object?>)(await redis.Node.CallAsync("XRANGE", ProviderUnderTest.Stream("events"), "-", "+"))!;
        var fields = entries.Select(entry => string.Join(' ', (IReadOnlyList<object?>)((IReadOnlyList<object?>)entry!)[1]!)).ToArray();
        CollectionAssert.AreEqual(new[] { "t 1700000000000123 k key v value h:b 1 h:a 2 h:b ", "t 1" }, fields);
    }

    private static async Task<long> PendingAsync(ProviderUnderTest redis) => await GroupAsync(redis) is { Count: > 0 } group ? (long)group["pending"]! : -1;

    private static async Task<Dictionary<string, object?>> GroupAsync(ProviderUnderTest redis)
    {
        var groups = (IReadOnlyList<object?>)(await redis.Node.CallAsync("XINFO", "GROUPS", ProviderUnderTest.Stream("events")))!;
        return groups is [IReadOnlyList<object?> fields] ? fields.Chunk(2).ToDictionary(pair => (string)pair[0]!, pair => pair[1]) : [];
    }

    private static async Task<List<(string Name, long Pending)>> ConsumersAsync(ProviderUnderTest redis)
    {
        if ((await GroupAsync(redis)).Count == 0)
        {
            return [];
        }

        var consumers = (IReadOnlyList<object?>)(await redis.Node.CallAsync("XINFO", "CONSUMERS", ProviderUnderTest.Stream("events"), "billing"))!;
        return [.. consumers.Cast<IReadOnlyList<object?>>().Select(fields => ((string)fields[1]!, (long)fields[3]!))];
    }
}
