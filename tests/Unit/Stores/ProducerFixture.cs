using System.Text;
using DashStream.Stores;

namespace DashStream.Tests.Stores;

/// <summary>A producer over a store that fails as a test says, on a clock that the test moves.</summary>
internal sealed class ProducerFixture
{
    public const string Topic = "events";

    public ProducerFixture() => Store = new FaultyLogStore(Time);

    public ManualTime Time { get; } = new();

    public LogProviderOptions Options { get; } = new() { SendTimeout = TimeSpan.FromSeconds(10) };

    public FaultyLogStore Store { get; }

    public async Task<BatchingProducer> OpenAsync(int partitions = 1)
    {
        var spec = new TopicSpec(Topic, partitions);
        await Store.TryCreateTopicAsync(spec, default);
        return new BatchingProducer(Store, spec, Options.MaxRecordBytes, Options, Time, new Random(1));
    }

    /// <summary>What lies in partition 0, as text.</summary>
    public async Task<string[]> ValuesAsync()
    {
        var records = await Store.ReadAsync(Topic, 0, 0, int.MaxValue, int.MaxValue, default);
        return [.. records.Select(Text)];
    }

    public static string Text(StreamRecord record) => Encoding.UTF8.GetString(record.Value!.Value.Span);

    public static string[] Values(AppendBatch batch) =>
        [.. Enumerable.Range(0, batch.Count).Select(i => Text(batch.RecordAt(i)))];

    public static StreamRecord Record(string key, string value, int? target = null) =>
        new(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value)) { TargetPartition = target };

    public static async Task<StreamException> ThrowsAsync(StreamErrorKind kind, Task task)
    {
        var error = await Assert.ThrowsAsync<StreamException>(() => task.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.AreEqual(kind, error.Kind, error.Message);
        return error;
    }

    public static async Task Until(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(1, limit.Token);
        }
    }
}
