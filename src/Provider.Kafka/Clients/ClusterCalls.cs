using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Providers;

/// <summary>
/// Asks the cluster, through the administration client, within the operation time-out: passing trouble is waited out, refused credentials end the call at
/// once, and errors come back as ours. Every request is one that may be repeated. Safe for concurrent use.
/// </summary>
internal sealed class ClusterCalls(KafkaCluster cluster)
{
    // A refusal may be history by now (a changed password, a fresh token): a new call gets this long to prove it.
    private static readonly TimeSpan SecondChance = TimeSpan.FromSeconds(3);

    // The controller that librdkafka remembers may be gone: then a request waits for it until it is told of another one, which costs a request for metadata.
    private static readonly TimeSpan LongestRefresh = TimeSpan.FromSeconds(2);
    private const int AttemptsInTime = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Asks; an answer that is an error is ours, with the cluster's inside.</summary>
    /// <param name="what">What is asked, as a noun phrase, for the error: "Describing topic 'a'".</param>
    /// <param name="call">The call; it is given the time it may take.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<T> AskAsync<T>(string what, Func<IAdminClient, TimeSpan, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await TryAskAsync(what, call, cancellationToken).ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            throw Failure(what, e);
        }
    }

    /// <summary>Asks; the caller knows what to make of the cluster's error, which <see cref="First"/> finds in the exception.</summary>
    public async Task<T> TryAskAsync<T>(
        string what, Func<IAdminClient, TimeSpan, Task<T>> call, CancellationToken cancellationToken, TimeSpan? limit = null)
    {
        var time = cluster.Time;
        var started = time.GetTimestamp();
        var most = limit ?? cluster.Options.OperationTimeout;
        var wasRefused = cluster.Watch.Refused.IsCompleted;
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (cluster.Watch.LastTrouble is not null)
            {
                await RefreshAsync(LongestRefresh < most / AttemptsInTime ? LongestRefresh : most / AttemptsInTime, cancellationToken).ConfigureAwait(false);
            }

            var left = most - time.GetElapsedTime(started);
            var attempt = left < most / AttemptsInTime * 2 ? left : most / AttemptsInTime;
            try
            {
                return await AskOnceAsync(what, call, attempt > FirstPause ? attempt : FirstPause, cancellationToken).ConfigureAwait(false);
            }
            catch (KafkaException e) when (KafkaErrors.KindOf(First(e)) is StreamErrorKind.Transient or StreamErrorKind.Timeout)
            {
                var refused = cluster.Watch.Refused;
                if (refused.IsCompleted && (!wasRefused || time.GetElapsedTime(started) > SecondChance))
                {
                    // Brokers that refuse us hang up, and some requests tell the one and not the other.
                    throw KafkaErrors.Of($"{what} at {cluster.Servers}", await refused.ConfigureAwait(false), e);
                }

                if (time.GetElapsedTime(started) + pause >= most)
                {
                    throw;
                }

                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Asks any broker that is up for metadata, from which librdkafka learns where the others are; null when none answered.</summary>
    public async Task<Metadata?> RefreshAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            return await AskOnceAsync("Asking for metadata", static (admin, time) => Task.Run(() => admin.GetMetadata(time)), limit, cancellationToken).ConfigureAwait(false);
        }
        catch (KafkaException)
        {
            return null;
        }
    }

    /// <summary>Our error for a failed call, with what was last seen of the cluster where it did not answer.</summary>
    public StreamException Failure(string what, KafkaException error)
    {
        var first = First(error);
        var kind = KafkaErrors.KindOf(first);
        var seen = kind is StreamErrorKind.Timeout or StreamErrorKind.Transient && cluster.Watch.LastTrouble is { } trouble ? $"Last seen: {trouble}." : null;
        return KafkaErrors.Of($"{what} at {cluster.Servers}", first, error, seen is null ? null : $"{seen} {KafkaErrors.AdviceFor(kind)}");
    }

    /// <summary>The error that counts: Confluent's exceptions about several items say only that some failed.</summary>
    public static Error First(KafkaException error) => ItemErrors(error).FirstOrDefault(static item => item is { IsError: true }) ?? error.Error;

    private static IEnumerable<Error> ItemErrors(KafkaException error) => error switch
    {
        CreateTopicsException e => e.Results.Select(static item => item.Error),
        DeleteTopicsException e => e.Results.Select(static item => item.Error),
        DescribeTopicsException e => e.Results.TopicDescriptions.Select(static item => item.Error),
        DescribeConfigsException e => e.Results.Select(static item => item.Error),
        ListOffsetsException e => e.Result.ResultInfos.Select(static item => item.TopicPartitionOffsetError.Error),
        DeleteRecordsException e => e.Results.Select(static item => item.Error),
        DeleteGroupsException e => e.Results.Select(static item => item.Error),
        ListConsumerGroupOffsetsException e => e.Results.SelectMany(static item => Of(item.Error, item.Partitions)),
        AlterConsumerGroupOffsetsException e => e.Results.SelectMany(static item => Of(item.Error, item.Partitions)),
        DeleteConsumerGroupOffsetsException e => Of(e.Result.Error, e.Result.Partitions),
        DescribeConsumerGroupsException e => e.Results.ConsumerGroupDescriptions.Select(static item => item.Error),
        ListConsumerGroupsException e => e.Results.Errors,
        TopicPartitionOffsetException e => e.Results.Select(static item => item.Error),
        _ => [],
    };

    private static IEnumerable<Error> Of(Error group, IEnumerable<TopicPartitionOffsetError>? partitions) =>
        (partitions ?? []).Select(static item => item.Error).Prepend(group);

    private static async Task<T> Start<T>(Func<Task<T>> call) => await call().ConfigureAwait(false);

    private async Task<T> AskOnceAsync<T>(
        string what, Func<IAdminClient, TimeSpan, Task<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var admin = cluster.Admin();
        var refused = cluster.Watch.Refused;
        var task = Start(() => call(admin, limit));

        // What is no longer waited for may still fail, and nobody asks it then.
        _ = task.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        var other = refused.IsCompleted ? Task.Delay(SecondChance, cluster.Time, cancellationToken) : refused;
        await Task.WhenAny(task, other).WaitAsync(cancellationToken).ConfigureAwait(false);

        // Off the client's own thread: a caller that blocked in its continuation would stop every other answer.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        cancellationToken.ThrowIfCancellationRequested();
        if (!task.IsCompleted)
        {
            throw KafkaErrors.Of($"{what} at {cluster.Servers}", await refused.ConfigureAwait(false));
        }

        try
        {
            var result = await task.ConfigureAwait(false);
            cluster.Watch.Answered();
            return result;
        }
        catch (KafkaException e) when (KafkaErrors.KindOf(First(e)) is not (StreamErrorKind.Timeout or StreamErrorKind.Transient or StreamErrorKind.Unauthorized))
        {
            // A no is an answer, too.
            cluster.Watch.Answered();
            throw;
        }
    }
}
