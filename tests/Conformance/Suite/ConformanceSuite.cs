using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace DashStream.Conformance;

/// <summary>
/// What every suite shares: a provider opened before each case and disposed after it with everything the case opened, names that no other case uses (so that a
/// kept store can be run against again), and the line in the report.
/// </summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    /// <summary>The group of <see cref="OpenClientAsync"/>.</summary>
    private protected const string ClientGroup = "g";

    private const int LongestCaseName = 100;

    private readonly TFixture _fixture = new();
    private readonly ConcurrentStack<IAsyncDisposable> _opened = new();
    private StoreFolder? _folder;
    private IStreamProvider? _provider;

    /// <summary>Set by the test runner; null when a case is called directly, which is then not reported.</summary>
    public TestContext? TestContext { get; set; }

    private protected IStreamProvider Provider => _provider ?? throw new InvalidOperationException("The provider was not opened.");

    private protected ProviderCapabilities Capabilities => Provider.Capabilities;

    /// <summary>Opens the provider. Whoever calls a case directly calls this first.</summary>
    [TestInitialize]
    public async Task SetUpAsync()
    {
        _folder = Track(StoreFolder.Of(typeof(TFixture).Name));
        _provider = await OpenProviderAsync();
    }

    /// <summary>Closes what the case opened, last first, then removes its store. Copes with a set-up that came to nothing.</summary>
    [TestCleanup]
    public async Task TearDownAsync()
    {
        try
        {
            while (_opened.TryPop(out var resource))
            {
                await Waits.DisposeAsync(resource, _fixture.DisposalLimit);
            }

            Report(TestContext?.TestException);
        }
        catch (Exception e)
        {
            Report(e);
            throw;
        }
    }

    private protected async Task<IStreamProvider> OpenProviderAsync(bool createMissingTopics = true, StoreFolder? folder = null) =>
        Track(await _fixture.OpenProviderAsync(new ProviderSetup((folder ?? _folder!).Path, createMissingTopics)));

    private protected StoreFolder NewStore() => Track(StoreFolder.New());

    private protected static string NewName([CallerMemberName] string name = "") =>
        $"{name[..Math.Min(name.Length, LongestCaseName)]}-{Guid.NewGuid().ToString("N")[..8]}";

    private protected async Task<string> CreateTopicAsync(int partitions = 1, [CallerMemberName] string name = "")
    {
        var topic = NewName(name);
        await Provider.Admin.CreateTopicAsync(new TopicSpec(topic, partitions));
        return topic;
    }

    private protected async Task<IStreamProducer> OpenProducerAsync(string topic, IStreamProvider? on = null) =>
        Track(await (on ?? Provider).OpenProducerAsync(topic));

    private protected async Task<IStreamConsumer> OpenReaderAsync(
        string topic, SeekTarget? start = null, int maxRecords = 500, IReadOnlyList<int>? partitions = null, IStreamProvider? on = null) =>
        Track(await (on ?? Provider).OpenConsumerAsync(topic, new StreamConsumerOptions
        {
            Partitions = partitions,
            Start = start ?? SeekTarget.Beginning,
            MaxBatchRecords = maxRecords,
        }));

    private protected async Task<Member> JoinAsync(
        string topic, string group, Action<StreamConsumerOptions>? configure = null, Action<Member>? prepare = null, IStreamProvider? on = null)
    {
        Require(Capabilities.Groups, nameof(Capabilities.Groups));
        return Track(await Member.JoinAsync(on ?? Provider, topic, group, configure, prepare));
    }

    private protected async Task<IReadOnlyList<StreamPosition>> SendAsync(string topic, IEnumerable<StreamRecord> records, IStreamProvider? on = null)
    {
        await using var producer = await (on ?? Provider).OpenProducerAsync(topic);
        return await producer.SendAllAsync(records);
    }

    private protected Task<IReadOnlyList<StreamPosition>> SendAsync(string topic, StreamRecord record) => SendAsync(topic, [record]);

    private protected async Task<IReadOnlyList<StreamRecord>> ReadAsync(string topic, int count, IStreamProvider? on = null)
    {
        await using var reader = await OpenReaderAsync(topic, on: on);
        return await Collect.ExactlyAsync(reader, count);
    }

    private protected async Task<StreamRecord> SendAndReadAsync(StreamRecord record, [CallerMemberName] string name = "")
    {
        var topic = await CreateTopicAsync(name: name);
        await SendAsync(topic, record);
        return (await ReadAsync(topic, 1))[0];
    }

    /// <summary>A topic with numbered messages of threads.</summary>
    private protected async Task<string> FilledAsync(int count, int threads, int partitions = 1, [CallerMemberName] string name = "")
    {
        var topic = await CreateTopicAsync(partitions, name);
        await Thought.SendAsync(Provider, topic, count, threads);
        return topic;
    }

    /// <summary>A client's consumer in a group, which commits soon and tries again soon. Owned by the case.</summary>
    private protected async Task<DashStreamConsumer> OpenClientAsync(string topic, Action<DashStreamConsumerOptions>? configure = null, IStreamProvider? on = null)
    {
        Require(Capabilities.Groups, nameof(Capabilities.Groups));
        var options = new DashStreamConsumerOptions
        {
            CommitInterval = TimeSpan.FromMilliseconds(20),
            Retry = new RetryPolicy { BaseDelay = TimeSpan.FromMilliseconds(5), MaxDelay = TimeSpan.FromMilliseconds(20) },
        };
        configure?.Invoke(options);
        return await DashStreamConsumer.OpenAsync(on ?? Provider, topic, ClientGroup, options);
    }

    private protected static async Task StopAsync(DashStreamConsumer consumer, Task run)
    {
        await Waits.WithinAsync(consumer.StopAsync(Waits.Positive).AsTask(), "the consumer stopped");
        await run;
    }

    /// <summary>What the client's group would still get: numbered messages of one partition, in order, or nothing of any.</summary>
    private protected async Task AssertLeftAsync(string topic, params int[] numbers)
    {
        var codec = new MessageCodec();
        await using var member = await JoinAsync(topic, ClientGroup);
        await member.OwnsAsync((await Provider.Admin.DescribeTopicAsync(topic))!.Partitions.Count);
        if (numbers.Length == 0)
        {
            await Collect.NothingAsync(member.Consumer);
            return;
        }

        var read = await Collect.ExactlyAsync(member.Consumer, numbers.Length);
        CollectionAssert.AreEqual(numbers, read.Select(record => Thought.NumberOf(codec.Decode(record.Value!.Value))).ToArray());
    }

    private protected static void Require(bool claimed, string capability)
    {
        if (!claimed)
        {
            Assert.Inconclusive($"The provider does not claim {capability}.");
        }
    }

    private protected T Track<T>(T resource)
        where T : IAsyncDisposable
    {
        _opened.Push(resource);
        return resource;
    }

    private void Report(Exception? error)
    {
        if (TestContext is not { TestName: { } test } context)
        {
            return;
        }

        var rules = GetType().GetMethod(test)?.GetCustomAttributes<RuleAttribute>() ?? [];
        var outcome = error is not null && context.TestException is null ? UnitTestOutcome.Failed : context.CurrentTestOutcome;
        ConformanceReport.Of(typeof(TFixture).Name).Add(_provider, GetType().BaseType!, test, rules, outcome, error);
    }
}
