using DashStream.Conformance.Servers;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>What should not be there or is not as it should be is a typed error that says what and where, and nothing is lost by it.</summary>
[TestClass]
public sealed class BadInputTests
{
    private const string Topic = "events";

    [TestMethod]
    [DataRow("ds:{events}:topic")]
    [DataRow("ds:{events}:p:0")]
    [DataRow("ds:{events}:wake")]
    public async Task A_key_of_another_type_under_our_name_is_left_alone(string key)
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await redis.Node.CallAsync("SET", key, "theirs");

        var error = await Assert.ThrowsAsync<StreamException>(() => redis.SendAsync(Topic, 1));

        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind, error.Message);
        Assert.AreEqual("theirs", await redis.Node.CallAsync("GET", key));
    }

    [TestMethod]
    public async Task A_foreign_entry_is_told_after_what_lies_before_it_and_can_be_passed()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await redis.SendAsync(Topic, 3);
        var id = (string)(await redis.Node.CallAsync("XADD", ProviderUnderTest.Stream(Topic), "*", "what", "ever"))!;
        await redis.SendAsync(Topic, 2, from: 3);
        await using var reader = await redis.OpenReaderAsync(Topic);

        var before = await ProviderUnderTest.ReadAsync(reader, 3);
        var error = await Assert.ThrowsAsync<StreamException>(() => reader.ReadAsync(TimeSpan.FromSeconds(5)).AsTask());
        await redis.Node.CallAsync("XDEL", ProviderUnderTest.Stream(Topic), id);
        var behind = await ProviderUnderTest.ReadAsync(reader, 2);

        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind);
        Assert.Contains(id, error.Message);
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3, 4 }, before.Concat(behind).Select(ProviderUnderTest.NumberOf).ToArray());
    }

    [TestMethod]
    public async Task A_foreign_entry_in_the_stream_that_wakes_readers_stops_neither_sends_nor_groups_nor_readers()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await redis.SendAsync(Topic, 1);
        await using var reader = await redis.OpenReaderAsync(Topic);
        await ProviderUnderTest.ReadAsync(reader, 1);
        var waiting = reader.ReadAsync(TimeSpan.FromSeconds(60)).AsTask();
        await redis.Node.CallAsync("XADD", "ds:{events}:wake", "*", "what", "ever");

        await redis.SendAsync(Topic, 1, from: 1);
        var read = await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        await using var member = await redis.JoinAsync(Topic, "group");
        var all = await ProviderUnderTest.ReadAsync(member, 2);
        var waitingAgain = reader.ReadAsync(TimeSpan.FromSeconds(60)).AsTask();
        await redis.SendAsync(Topic, 1, from: 2);

        CollectionAssert.AreEqual(new[] { 1 }, read.Records.Select(ProviderUnderTest.NumberOf).ToArray());
        ProviderUnderTest.AssertSequence(2, all);
        Assert.HasCount(1, (await waitingAgain.WaitAsync(TimeSpan.FromSeconds(10))).Records);
        await redis.Node.CallAsync("XADD", "ds:{events}:wake", "*", "what", "ever");
        Assert.IsTrue(await redis.Provider.Admin.DeleteTopicAsync(Topic));
    }

    [TestMethod]
    public async Task A_foreign_entry_from_the_future_does_not_stop_appends()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await redis.SendAsync(Topic, 1);
        await redis.Node.CallAsync("XADD", ProviderUnderTest.Stream(Topic), "9999999999999-5", "what", "ever");

        var positions = await redis.SendAsync(Topic, 2, from: 1);

        Assert.IsTrue(positions[0].Offset > RedisIds.Make(9999999999999, 5));
        Assert.IsTrue(positions[1] > positions[0]);
    }

    [TestMethod]
    public async Task A_value_that_the_server_does_not_take_is_too_large_and_the_others_are_stored()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await redis.Node.CallAsync("CONFIG", "SET", "proto-max-bulk-len", "1048576");
        await using var producer = await redis.Provider.OpenProducerAsync(Topic);

        var first = producer.SendAsync(ProviderUnderTest.Record(0)).AsTask();
        var huge = producer.SendAsync(new StreamRecord("key"u8.ToArray(), new byte[3 * 1024 * 1024])).AsTask();
        var last = producer.SendAsync(ProviderUnderTest.Record(1)).AsTask();
        var error = await Assert.ThrowsAsync<StreamException>(() => huge);

        Assert.AreEqual(StreamErrorKind.TooLarge, error.Kind, error.Message);
        Assert.IsTrue(await first < await last);
        await using var reader = await redis.OpenReaderAsync(Topic);
        CollectionAssert.AreEqual(new[] { 0, 1 }, (await ProviderUnderTest.ReadAsync(reader, 2)).Select(ProviderUnderTest.NumberOf).ToArray());
    }

    [TestMethod]
    [DataRow("a{b}c")]
    [DataRow("a b")]
    public async Task Names_with_braces_or_spaces_are_refused_before_anything_is_sent(string topic)
    {
        await using var provider = new RedisProvider("127.0.0.1:1");

        var error = await Assert.ThrowsAsync<StreamException>(() => provider.OpenProducerAsync(topic).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
    }

    [TestMethod]
    public async Task Nobody_at_the_address_is_told_soon_and_health_says_so()
    {
        await using var provider = new RedisProvider("127.0.0.1:1");

        var error = await Assert.ThrowsAsync<StreamException>(() => provider.OpenProducerAsync(Topic).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        var health = await provider.CheckHealthAsync();

        Assert.AreEqual(StreamErrorKind.Transient, error.Kind, error.Message);
        Assert.IsFalse(health.Ready);
    }

    [TestMethod]
    public async Task A_server_without_persistence_is_warned_of()
    {
        await using var kept = await ProviderUnderTest.StartAsync();
        await using var forgetful = await ProviderUnderTest.StartAsync(new RedisNodeOptions { IsPersistent = false });

        Assert.IsEmpty((await kept.Provider.CheckHealthAsync()).Warnings);
        Assert.Contains("appendonly no", (await forgetful.Provider.CheckHealthAsync()).Warnings.Single());
    }

    [TestMethod]
    public async Task A_server_that_hides_what_it_is_lives_and_is_warned_of()
    {
        await using var redis = await ProviderUnderTest.StartAsync(new RedisNodeOptions { Settings = ["rename-command INFO \"\""] });
        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec(Topic));

        var health = await redis.Provider.CheckHealthAsync();
        Assert.IsTrue(health.Ready);
        Assert.Contains("does not know INFO", health.Warnings.Single());
    }

    [TestMethod]
    public async Task Retention_leaves_what_a_group_has_not_read_and_says_so()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec(Topic) { RetentionBytes = 1024 });
        await using var producer = await redis.Provider.OpenProducerAsync(Topic);
        var positions = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => producer.SendAsync(new StreamRecord("key"u8.ToArray(), new byte[1000])).AsTask()));
        await redis.Provider.Admin.ResetGroupAsync(Topic, "slow", 0, SeekTarget.At(positions[4].Offset));

        var removed = await redis.Provider.Admin.ApplyRetentionAsync(Topic);
        var health = await redis.Provider.CheckHealthAsync();
        await using var ruthless = new RedisProvider(Ruthless(redis.Node.Endpoint));
        var more = await ruthless.Admin.ApplyRetentionAsync(Topic);

        Assert.AreEqual(4, removed);
        Assert.Contains("'slow'", health.Warnings.Single());
        Assert.AreEqual(5, more);
    }

    [TestMethod]
    public async Task A_topic_that_cannot_be_trimmed_does_not_keep_the_others_from_it()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: static options => options.RetentionInterval = TimeSpan.FromSeconds(1));
        foreach (var number in Enumerable.Range(0, 6))
        {
            await redis.Node.CallAsync("SADD", "ds:topics", $"broken-{number}");
            await redis.Node.CallAsync("HSET", $"ds:{{broken-{number}}}:topic", "partitions", "many", "retention_bytes", "1024");
        }

        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec(Topic, 1) { RetentionBytes = 1024 });
        await using var producer = await redis.Provider.OpenProducerAsync(Topic);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => producer.SendAsync(new StreamRecord("key"u8.ToArray(), new byte[1000])).AsTask()));

        await Eventually.TrueAsync(async () => (await redis.Provider.Admin.DescribeTopicAsync(Topic))!.Partitions[0].Records == 1, "the topic is trimmed");
        await Eventually.TrueAsync(
            async () => (await redis.Provider.CheckHealthAsync()).Warnings.Any(static warning => warning.Contains("broken-", StringComparison.Ordinal)), "health names a broken topic");
        var error = await Assert.ThrowsAsync<StreamException>(() => redis.Provider.Admin.DescribeTopicAsync("broken-0").AsTask());
        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind, error.Message);
    }

    [TestMethod]
    public async Task Health_does_not_speak_of_the_retention_of_a_topic_that_is_gone()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: static options => options.RetentionInterval = TimeSpan.FromSeconds(1));
        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec(Topic, 1) { RetentionBytes = 1024 });
        await using (var producer = await redis.Provider.OpenProducerAsync(Topic))
        {
            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => producer.SendAsync(new StreamRecord("key"u8.ToArray(), new byte[1000])).AsTask()));
        }

        await redis.Provider.Admin.ResetGroupAsync(Topic, "slow", 0, SeekTarget.Beginning);
        await Eventually.TrueAsync(async () => (await redis.Provider.CheckHealthAsync()).Warnings.Any(), "the group holds retention back");

        await redis.Provider.Admin.DeleteTopicAsync(Topic);

        await Eventually.TrueAsync(async () => !(await redis.Provider.CheckHealthAsync()).Warnings.Any(), "nothing is said of it any more");
    }

    private static RedisProviderOptions Ruthless(string endpoint)
    {
        var options = new RedisProviderOptions { TrimUnread = true };
        options.Connection.Endpoints = endpoint;
        return options;
    }
}
