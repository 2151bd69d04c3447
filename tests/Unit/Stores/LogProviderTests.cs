using DashStream.Stores;

namespace DashStream.Tests.Stores;

[TestClass]
public sealed class LogProviderTests
{
    private static readonly ProviderCapabilities Capabilities = new()
    {
        Durability = StreamDurability.Process,
        Persistent = false,
        MultiProcess = false,
        RetentionBySize = true,
        MaxRecordBytes = 2048,
    };

    private readonly ManualTime _time = new();
    private readonly LogProviderOptions _options = new();
    private readonly FaultyLogStore _store;

    public LogProviderTests() => _store = new FaultyLogStore(_time);

    [TestMethod]
    public async Task A_missing_topic_is_made_on_first_use()
    {
        _options.DefaultPartitions = 3;
        await using var provider = Open();

        await using var producer = await provider.OpenProducerAsync("events");

        Assert.AreEqual(3, producer.PartitionCount);
        CollectionAssert.AreEqual(new[] { "events" }, (await provider.Admin.ListTopicsAsync()).ToArray());
    }

    [TestMethod]
    public async Task A_missing_topic_is_refused_when_the_options_say_so()
    {
        _options.CreateMissingTopics = false;
        await using var provider = Open();

        await ThrowsAsync(StreamErrorKind.NotFound, async () => await provider.OpenProducerAsync("events"));
        await ThrowsAsync(StreamErrorKind.NotFound, async () => await provider.OpenConsumerAsync("events", new StreamConsumerOptions()));
        Assert.IsEmpty(await provider.Admin.ListTopicsAsync());
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("..")]
    [DataRow("a/b")]
    [DataRow("a\0b")]
    [DataRow("é")]
    public async Task A_bad_name_is_refused_everywhere(string topic)
    {
        await using var provider = Open();

        await ThrowsAsync(StreamErrorKind.InvalidRequest, async () => await provider.OpenProducerAsync(topic));
        await ThrowsAsync(StreamErrorKind.InvalidRequest, async () => await provider.OpenConsumerAsync(topic, new StreamConsumerOptions()));
        await ThrowsAsync(StreamErrorKind.InvalidRequest, async () => await provider.Admin.CreateTopicAsync(new TopicSpec(topic)));
        await ThrowsAsync(StreamErrorKind.InvalidRequest, async () => await provider.Admin.DescribeTopicAsync(topic));
        await ThrowsAsync(StreamErrorKind.InvalidRequest, async () => await provider.Admin.DeleteTopicAsync(topic));
        await ThrowsAsync(StreamErrorKind.InvalidRequest, async () => await provider.Admin.ListGroupsAsync(topic));
    }

    [TestMethod]
    public void Options_out_of_range_are_named_at_once()
    {
        _options.MaxBatchRecords = 0;

        var error = Assert.Throws<StreamException>(() => Open());

        StringAssert.Contains(error.Message, nameof(LogProviderOptions.MaxBatchRecords));
    }

    [TestMethod]
    public async Task The_lower_record_limit_counts()
    {
        await using var provider = Open();
        await using var producer = await provider.OpenProducerAsync("events");

        await producer.SendAsync(new StreamRecord(default, new byte[2048]));
        await ThrowsAsync(StreamErrorKind.TooLarge, async () => await producer.SendAsync(new StreamRecord(default, new byte[2049])));

        Assert.AreEqual(2048, provider.Capabilities.MaxRecordBytes);
    }

    [TestMethod]
    public async Task Disposal_stops_what_is_open_then_the_store_and_closes_everything_else()
    {
        var provider = Open();
        var producer = await provider.OpenProducerAsync("events");
        var send = producer.SendAsync(new StreamRecord(default, new byte[1])).AsTask();

        await provider.DisposeAsync();
        await provider.DisposeAsync();

        await send;
        Assert.IsTrue(_store.IsDisposed);
        await ThrowsAsync(StreamErrorKind.Closed, async () => await producer.SendAsync(new StreamRecord(default, new byte[1])));
        await ThrowsAsync(StreamErrorKind.Closed, async () => await provider.OpenProducerAsync("events"));
        await ThrowsAsync(StreamErrorKind.Closed, async () => await provider.Admin.ListTopicsAsync());
        var health = await provider.CheckHealthAsync();
        Assert.IsFalse(health.Alive || health.Ready);
    }

    [TestMethod]
    public async Task Disposal_finishes_the_sends_of_a_producer_that_its_user_forgot()
    {
        var gate = new TaskCompletionSource();
        _store.OnAppend = (_, _, _) => new ValueTask(gate.Task);
        var provider = Open();
        await SendAndForgetAsync(provider);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        var disposal = provider.DisposeAsync().AsTask();
        Assert.IsFalse(_store.IsDisposed);
        gate.SetResult();
        await disposal;

        Assert.AreEqual(1, _store.Appends);
    }

    [TestMethod]
    public async Task Disposal_is_bounded_though_the_store_hangs()
    {
        _store.OnAppend = (_, _, _) => new ValueTask(new TaskCompletionSource().Task);
        var provider = Open();
        var producer = await provider.OpenProducerAsync("events");
        var send = producer.SendAsync(new StreamRecord(default, new byte[1])).AsTask();

        var disposal = provider.DisposeAsync().AsTask();
        await _time.AdvanceUntilAsync(() => disposal.IsCompleted, TimeSpan.FromSeconds(1));

        await ThrowsAsync(StreamErrorKind.Closed, () => send);
    }

    [TestMethod]
    public async Task Health_follows_the_store()
    {
        await using var provider = Open();
        Assert.IsTrue((await provider.CheckHealthAsync()).Ready);

        _store.OnCheck = _ => throw new StreamException(StreamErrorKind.Transient, "no answer");
        var sick = await provider.CheckHealthAsync();
        _store.OnCheck = _ => throw new StreamException(StreamErrorKind.Fatal, "broken");
        var dead = await provider.CheckHealthAsync();
        _store.OnCheck = token => new ValueTask<IReadOnlyList<string>>(new TaskCompletionSource<IReadOnlyList<string>>().Task);
        var check = provider.CheckHealthAsync().AsTask();
        await _time.AdvanceUntilAsync(() => check.IsCompleted, TimeSpan.FromSeconds(1));
        var hung = await check;

        Assert.IsTrue(sick.Alive && !sick.Ready);
        StringAssert.Contains(sick.Description, "no answer");
        Assert.IsFalse(dead.Alive || dead.Ready);
        Assert.IsTrue(hung.Alive && !hung.Ready);
    }

    [TestMethod]
    public async Task Creating_a_topic_again_changes_nothing_unless_the_partitions_differ()
    {
        await using var provider = Open();
        await provider.Admin.CreateTopicAsync(new TopicSpec("events", 2));
        await provider.Admin.CreateTopicAsync(new TopicSpec("events", 2));

        await ThrowsAsync(StreamErrorKind.AlreadyExists, async () => await provider.Admin.CreateTopicAsync(new TopicSpec("events", 3)));

        Assert.HasCount(2, (await provider.Admin.DescribeTopicAsync("events"))!.Partitions);
        Assert.IsNull(await provider.Admin.DescribeTopicAsync("other"));
        Assert.IsTrue(await provider.Admin.DeleteTopicAsync("events"));
        Assert.IsFalse(await provider.Admin.DeleteTopicAsync("events"));
    }

    [TestMethod]
    public async Task What_the_provider_does_not_promise_is_refused()
    {
        await using var provider = Open();
        await provider.Admin.CreateTopicAsync(new TopicSpec("sized") { RetentionBytes = 4096 });

        await ThrowsAsync(StreamErrorKind.InvalidRequest,
            async () => await provider.Admin.CreateTopicAsync(new TopicSpec("aged") { RetentionAge = TimeSpan.FromHours(1) }));
        await ThrowsAsync(StreamErrorKind.InvalidRequest,
            async () => await provider.Admin.CreateTopicAsync(new TopicSpec("odd") { ProviderSettings = new Dictionary<string, string> { ["fsync"] = "no" } }));
        await ThrowsAsync(StreamErrorKind.InvalidRequest, async () => await provider.Admin.ApplyRetentionAsync("sized"));
    }

    [TestMethod]
    public async Task A_trim_stays_within_the_log()
    {
        await using var provider = Open();
        await using var producer = await provider.OpenProducerAsync("events");
        var record = new StreamRecord(default, new byte[1]) { TargetPartition = 0 };
        await producer.SendBatchAsync([record, record, record]);

        await provider.Admin.TrimAsync("events", new StreamPosition(0, 2));
        await provider.Admin.TrimAsync("events", new StreamPosition(0, 1));
        await ThrowsAsync(StreamErrorKind.OutOfRange, async () => await provider.Admin.TrimAsync("events", new StreamPosition(0, 4)));
        await ThrowsAsync(StreamErrorKind.NotFound, async () => await provider.Admin.TrimAsync("events", new StreamPosition(4, 0)));
        await ThrowsAsync(StreamErrorKind.NotFound, async () => await provider.Admin.TrimAsync("other", new StreamPosition(0, 0)));

        Assert.AreEqual(new PartitionBounds(2, 3), (await provider.Admin.DescribeTopicAsync("events"))!.Partitions[0].Bounds);
        Assert.AreEqual(new StreamPosition(0, 2), await provider.Admin.FindAsync("events", 0, _time.NowUs));
        Assert.IsNull(await provider.Admin.FindAsync("events", 0, _time.NowUs + 1));
    }

    private static async Task SendAndForgetAsync(LogProvider provider)
    {
        var producer = await provider.OpenProducerAsync("events");
        _ = producer.SendAsync(new StreamRecord(default, new byte[1])).AsTask();
    }

    private LogProvider Open() => new("test", _store, Capabilities, _options, _time);

    private static async Task ThrowsAsync(StreamErrorKind kind, Func<Task> action)
    {
        var error = await Assert.ThrowsAsync<StreamException>(action);
        Assert.AreEqual(kind, error.Kind, error.Message);
    }
}
