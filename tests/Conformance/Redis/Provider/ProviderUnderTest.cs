using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>A provider on a server of the test's own.</summary>
internal sealed class ProviderUnderTest : IAsyncDisposable
{
    private readonly Action<RedisProviderOptions>? _configure;

    private ProviderUnderTest(RedisNode node, Action<RedisProviderOptions>? configure)
    {
        Node = node;
        _configure = configure;
        Provider = Open();
    }

    public RedisNode Node { get; }

    public RedisProvider Provider { get; }

    public static async Task<ProviderUnderTest> StartAsync(RedisNodeOptions? node = null, Action<RedisProviderOptions>? configure = null) =>
        new(await RedisNode.StartAsync(node), configure);

    /// <summary>The stream of a topic's first partition.</summary>
    public static string Stream(string topic) => $"ds:{{{topic}}}:p:0";

    /// <summary>One more provider on the same server.</summary>
    public RedisProvider Open()
    {
        var options = new RedisProviderOptions { DefaultPartitions = 1 };
        options.Connection.Endpoints = Node.Endpoint;
        _configure?.Invoke(options);
        return new RedisProvider(options);
    }

    public async Task<IReadOnlyList<StreamPosition>> SendAsync(string topic, int count, int from = 0)
    {
        await using var producer = await Provider.OpenProducerAsync(topic);
        return await Task.WhenAll(Send(producer, from, count));
    }

    public async Task<IStreamConsumer> JoinAsync(string topic, string group, string member = "member") => await Provider.OpenConsumerAsync(
        topic, new StreamConsumerOptions { Group = group, MemberName = member, Start = SeekTarget.Beginning });

    /// <summary>A reader of everything from the beginning.</summary>
    public async Task<IStreamConsumer> OpenReaderAsync(string topic) =>
        await Provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Start = SeekTarget.Beginning });

    public static async Task<List<StreamRecord>> ReadAsync(IStreamConsumer consumer, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var records = new List<StreamRecord>();
        while (records.Count < count)
        {
            records.AddRange((await consumer.ReadAsync(TimeSpan.FromSeconds(1), limit.Token)).Records);
        }

        Assert.HasCount(count, records);
        return records;
    }

    /// <summary>Begins to send the numbers from there on.</summary>
    public static Task<StreamPosition>[] Send(IStreamProducer producer, int from, int count) =>
        [.. Enumerable.Range(from, count).Select(number => producer.SendAsync(Record(number)).AsTask())];

    /// <summary>Fails unless the records are all numbers from 0 on, once and in order.</summary>
    public static void AssertSequence(int count, IEnumerable<StreamRecord> records) =>
        CollectionAssert.AreEqual(Enumerable.Range(0, count).ToArray(), records.Select(NumberOf).ToArray());

    public static StreamRecord Record(int number) => new("key"u8.ToArray(), System.Text.Encoding.ASCII.GetBytes($"{number}"));

    public static int NumberOf(StreamRecord record) => int.Parse(record.Value!.Value.Span, System.Globalization.CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        await Node.DisposeAsync();
    }
}
