using System.Collections.Concurrent;
using System.Text;
using DashStream.Providers;
using DashStream.Stores;

namespace DashStream.Tests.Groups;

/// <summary>A topic in a memory store, consumers of it, and short ways to fill and read it.</summary>
internal sealed class ReadingFixture : IAsyncDisposable
{
    public const string Topic = "events";
    public const string Group = "readers";

    private readonly List<IAsyncDisposable> _open = [];
    private readonly MemoryLogStore _log;
    private readonly TopicSpec _spec;
    private long _sequence;

    public ReadingFixture(int partitions = 1, TimeProvider? time = null)
    {
        Time = time ?? TimeProvider.System;
        _log = new MemoryLogStore(new MemoryProviderOptions(), Time);
        Store = NewStore();
        _spec = new TopicSpec(Topic, partitions);
        Store.TryCreateTopicAsync(_spec, default).AsTask().Wait();
    }

    public static TimeSpan Long => TimeSpan.FromSeconds(20);

    public static TimeSpan Short => TimeSpan.FromMilliseconds(60);

    public TimeProvider Time { get; }

    public HookedLogStore Store { get; }

    /// <summary>A topic of one partition with these records.</summary>
    public static async Task<ReadingFixture> FilledAsync(params string[] values)
    {
        var fixture = new ReadingFixture();
        await fixture.AppendAsync(0, values);
        return fixture;
    }

    public TopicSpec Spec => _spec;

    /// <summary>The same log as another process sees it: with hooks of its own.</summary>
    public HookedLogStore NewStore() => new(_log);

    public async Task<LogConsumer> OpenAsync(
        Action<StreamConsumerOptions>? configure = null, string? group = Group, HookedLogStore? store = null, TimeProvider? time = null)
    {
        var options = new StreamConsumerOptions
        {
            Group = group, MemberName = "m", SessionTimeout = TimeSpan.FromSeconds(2), HeartbeatInterval = TimeSpan.FromMilliseconds(200),
        };
        configure?.Invoke(options);
        var consumer = await LogConsumer.OpenAsync(store ?? Store, _spec, options, time ?? Time, default);
        _open.Add(consumer);
        return consumer;
    }

    public Task<LogConsumer> OpenAloneAsync(Action<StreamConsumerOptions>? configure = null) => OpenAsync(configure, group: null);

    public async Task AppendAsync(int partition, params string[] values)
    {
        var batch = new AppendBatch(Topic, Guid.NewGuid());
        foreach (var value in values)
        {
            batch.Add(new StreamRecord(default, Encoding.UTF8.GetBytes(value)), partition, timestampUs: 1, _sequence++);
        }

        await Store.AppendAsync(batch, default);
    }

    /// <summary>A session of ten seconds, long enough for a busy machine.</summary>
    public static Action<StreamConsumerOptions> Slow(IAssignmentListener? listener = null) => options =>
    {
        options.SessionTimeout = TimeSpan.FromSeconds(10);
        options.HeartbeatInterval = TimeSpan.FromSeconds(1);
        options.Listener = listener;
    };

    /// <summary>Reads until that many records are there.</summary>
    public static async Task<List<string>> ReadAsync(IStreamConsumer consumer, int count)
    {
        var values = new List<string>();
        using var limit = new CancellationTokenSource(Long);
        while (values.Count < count)
        {
            var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(5), limit.Token);
            values.AddRange(batch.Records.Select(Text));
        }

        return values;
    }

    public static string Text(StreamRecord record) => Encoding.UTF8.GetString(record.Value!.Value.Span);

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.IsLessThan(Long, TimeProvider.System.GetElapsedTime(start), what);
            await Task.Delay(1);
        }
    }

    public static Task AssignedAsync(IStreamConsumer consumer, params int[] partitions) =>
        UntilAsync(() => consumer.Assignment.SequenceEqual(partitions), $"Wanted {string.Join(",", partitions)}, got {string.Join(",", consumer.Assignment)}.");

    public static async Task<StreamException> ThrowsAsync(StreamErrorKind kind, Func<Task> call)
    {
        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => call().WaitAsync(Long));
        Assert.AreEqual(kind, error.Kind, error.Message);
        return error;
    }

    /// <summary>Writes records of one partition down.</summary>
    public static string[] Texts(StreamBatch batch) => [.. batch.Records.Select(Text)];

    public async ValueTask DisposeAsync()
    {
        Store.HookedGroups.Outage = null;
        Store.HookedGroups.Hang = null;
        foreach (var consumer in _open)
        {
            // One that was suspended for good never ends.
            await consumer.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(2)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

/// <summary>Writes down what it hears.</summary>
internal sealed class RecordingListener : IAssignmentListener
{
    private readonly ConcurrentQueue<string> _heard = new();

    public IReadOnlyList<string> Heard => [.. _heard];

    public Func<string, IReadOnlyList<int>, CancellationToken, ValueTask> On { get; set; } = static (_, _, _) => ValueTask.CompletedTask;

    public ValueTask OnAssignedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => HearAsync("assigned", partitions, cancellationToken);

    public ValueTask OnRevokedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => HearAsync("revoked", partitions, cancellationToken);

    public ValueTask OnLostAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => HearAsync("lost", partitions, cancellationToken);

    private ValueTask HearAsync(string what, IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        _heard.Enqueue($"{what} {string.Join(",", partitions)}");
        return On(what, partitions, cancellationToken);
    }
}
