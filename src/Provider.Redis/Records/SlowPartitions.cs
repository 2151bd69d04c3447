using System.Collections.Concurrent;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>
/// Partitions whose server keeps readers waiting. Whoever asks for one gets a transient error at once, until the server answers a question that is put to it over and
/// over. Safe for concurrent use.
/// </summary>
internal sealed class SlowPartitions(RedisConnectionOptions options, TimeProvider time)
{
    /// <summary>For a read: far longer than it takes, and short for a reader who has other partitions.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>For a look at a partition's bounds, which readers take now and then and administrators wait for.</summary>
    public static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(1);


    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<(string Topic, int Partition), Task> _slow = new();

    public async ValueTask<RedisResult> AskAsync(string topic, int partition, TimeSpan patience, Func<ValueTask<RedisResult>> ask, CancellationToken cancellationToken)
    {
        if (_slow.TryGetValue((topic, partition), out var under) && !under.IsCompleted)
        {
            throw NoAnswer(topic, partition);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var asked = ask().AsTask();
        try
        {
            return await asked.WaitAsync(patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!asked.IsCompleted)
        {
            _slow[(topic, partition)] = WatchAsync(asked, ask);
            throw NoAnswer(topic, partition);
        }
    }

    private async Task WatchAsync(Task<RedisResult> asked, Func<ValueTask<RedisResult>> ask)
    {
        while (await FailsAsync(asked).ConfigureAwait(false))
        {
            await Task.Delay(Retry, time, CancellationToken.None).ConfigureAwait(false);
            asked = ask().AsTask();
        }
    }

    // What does not pass is for the readers themselves to hear.
    private static async ValueTask<bool> FailsAsync(Task<RedisResult> asked)
    {
        await ((Task)asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return asked.Exception?.InnerException is StreamException { IsTransient: true };
    }

    private StreamException NoAnswer(string topic, int partition) => new(StreamErrorKind.Transient,
        $"Redis at {options}: the server that holds partition {partition} of topic '{topic}' does not answer in time.");
}
