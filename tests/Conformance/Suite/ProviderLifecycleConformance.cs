namespace DashStream.Conformance;

/// <summary>How a provider begins and ends, and how it says that it is well.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class ProviderLifecycleConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(1);

    [Case]
    [Rule("B7-100", "Making a provider does no I/O and takes less than a second")]
    public async Task Making_a_provider_does_no_io()
    {
        var folder = NewStore();
        var started = TimeProvider.System.GetTimestamp();

        var provider = await OpenProviderAsync(folder: folder);

        var took = TimeProvider.System.GetElapsedTime(started);
        Assert.IsFalse(string.IsNullOrWhiteSpace(provider.Name));
        Assert.IsGreaterThan(0, provider.Capabilities.MaxRecordBytes);
        Assert.IsEmpty(Directory.EnumerateFileSystemEntries(folder.Path), "Nothing was to be made before the first use.");
        Assert.IsLessThan(Quick * Load.Stress, took);
    }

    [Case]
    [Rule("B7-103", "Disposing a provider twice is harmless, and so is disposing one that was never used")]
    public async Task Disposing_twice_is_harmless()
    {
        var unused = await OpenProviderAsync(folder: NewStore());
        await SendAsync(await CreateTopicAsync(), Sample.Numbered(1));

        await unused.DisposeAsync();
        await unused.DisposeAsync();
        await Provider.DisposeAsync();
        await Provider.DisposeAsync();
    }

    [Case]
    [Rule("B7-106", "A provider that was disposed refuses as closed, and opens nothing")]
    public async Task A_disposed_provider_refuses()
    {
        var topic = await CreateTopicAsync();
        await Provider.DisposeAsync();

        await Expect.RefusalAsync(StreamErrorKind.Closed, () => Provider.OpenProducerAsync(topic).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.Closed, () => Provider.OpenConsumerAsync(topic, new StreamConsumerOptions()).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.Closed, () => Provider.Admin.ListTopicsAsync().AsTask());
        await Expect.RefusalAsync(StreamErrorKind.Closed, () => Provider.Admin.CreateTopicAsync(new TopicSpec(topic)).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.Closed, () => Provider.Admin.DescribeTopicAsync(topic).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.Closed, () => Provider.Admin.ListGroupsAsync().AsTask());
    }

    [Case]
    [Rule("B7-106", "Producers and consumers kept after their provider was disposed fail as closed, in time")]
    public async Task Handles_of_a_disposed_provider_refuse()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);
        var reader = await OpenReaderAsync(topic);
        await producer.SendAsync(Sample.Text("0"));

        await Provider.DisposeAsync();

        await Expect.RefusalAsync(
            StreamErrorKind.Closed, () => Waits.WithinAsync(producer.SendAsync(Sample.Text("1")).AsTask(), "a send after disposal ends"));
        await Expect.RefusalAsync(
            StreamErrorKind.Closed, () => Waits.WithinAsync(reader.ReadAsync(Waits.Positive).AsTask(), "a read after disposal ends"));
    }

    [Case]
    [Rule("DS-67", "Closing a producer or a consumer leaves the provider open")]
    public async Task Handles_do_not_own_the_provider()
    {
        var topic = await CreateTopicAsync();
        for (var i = 0; i < 20; i++)
        {
            await SendAsync(topic, Sample.Numbered(1, from: i));
            await using var reader = await OpenReaderAsync(topic, SeekTarget.End);
        }

        Expect.Sequence(0, 20, await ReadAsync(topic, 20));
    }

    [Case]
    [Rule("B7-114", "Opening and administration end as cancelled when their token is cancelled already, and make nothing")]
    public async Task Calls_cancelled_beforehand_make_nothing()
    {
        var topic = NewName();
        var cancelled = new CancellationToken(canceled: true);

        await Expect.CancellationAsync(() => Provider.Admin.CreateTopicAsync(new TopicSpec(topic), cancelled).AsTask());
        await Expect.CancellationAsync(() => Provider.OpenProducerAsync(topic, cancelled).AsTask());
        await Expect.CancellationAsync(() => Provider.OpenConsumerAsync(topic, new StreamConsumerOptions(), cancelled).AsTask());
        await Expect.CancellationAsync(() => Provider.Admin.DescribeTopicAsync(topic, cancelled).AsTask());

        Assert.IsNull(await Provider.Admin.DescribeTopicAsync(topic));
    }

    [Case]
    [Rule("DS-68", "Null arguments are the caller's mistake and never a stream's error")]
    public async Task Null_arguments_are_the_callers_mistake()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);
        var reader = await OpenReaderAsync(topic);

        await Assert.ThrowsAsync<ArgumentException>(() => Provider.OpenProducerAsync(null!).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => Provider.OpenConsumerAsync(topic, null!).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => Provider.Admin.CreateTopicAsync(null!).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => producer.SendAsync(null!).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => producer.SendBatchAsync(null!).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => reader.CommitAsync(null!).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => reader.SeekAsync(0, null!).AsTask());
    }

    [Case]
    [Rule("B7-125", "A working provider is alive and ready, before its first use and after, and describes itself")]
    public async Task A_working_provider_is_healthy()
    {
        foreach (var provider in new[] { Provider, await OpenProviderAsync(folder: NewStore()) })
        {
            var health = await provider.CheckHealthAsync();

            Assert.IsTrue(health is { Alive: true, Ready: true }, health.Description);
            Assert.IsFalse(string.IsNullOrWhiteSpace(health.Description));
        }
    }

    [Case]
    [Rule("B7-125", "The health of a disposed provider is told, not thrown: it is not ready")]
    public async Task A_disposed_provider_is_not_ready()
    {
        await Provider.DisposeAsync();

        var health = await Provider.CheckHealthAsync();

        Assert.IsFalse(health.Ready);
        Assert.IsFalse(string.IsNullOrWhiteSpace(health.Description));
    }
}
