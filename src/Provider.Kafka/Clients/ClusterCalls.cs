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
    private static readonly TimeSpan LongestRefresh = TimeSpan.FromSeconds(3);
    private const int AttemptsInTime = 3;

    // A broker that hangs answers nothing and is not found out by its connection: the next attempt goes to another one.
    private static readonly TimeSpan LongestAttempt = TimeSpan.FromSeconds(5);

    // Longer than a healthy cluster takes for anything that is asked here.
    private static readonly TimeSpan UsualAnswer = TimeSpan.FromSeconds(1);

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
        var share = most / AttemptsInTime < LongestAttempt ? most / AttemptsInTime : LongestAttempt;
        var isRepeated = false;
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (isRepeated || cluster.Watch.LastTrouble is not null)
            {
                await RefreshAsync(LongestRefresh < share ? LongestRefresh : share, cancellationToken).ConfigureAwait(false);
            }

            var left = most - time.GetElapsedTime(started);
            var attempt = left < share * 2 ? left : share;
            try
            {
                return await AskPatientlyAsync(what, call, attempt > FirstPause ? attempt : FirstPause, cancellationToken).ConfigureAwait(false);
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
                isRepeated = true;
            }
        }
    }

    /// <summary>Asks brokers that are up for metadata, one after another, from which librdkafka learns where the others are; null when none answered.</summary>
    public async Task<Metadata?> RefreshAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < AttemptsInTime; attempt++)
        {
            try
            {
                return await AskOnceAsync("Asking for metadata", static (admin, time) => Task.Run(() => admin.GetMetadata(time)), limit / AttemptsInTime, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (KafkaException)
            {
                // Each attempt asks any broker that seems to be up: the next one may be better off.
            }
        }

        return null;
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

    // What is no longer waited for may still fail, and nobody asks it then.
    private static void Observe(Task task) =>
        _ = task.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private static async Task<T> Start<T>(Func<Task<T>> call) => await call().ConfigureAwait(false);

    // A request that waits for a dead controller goes on as soon as metadata names another.
    private async Task<T> AskPatientlyAsync<T>(
        string what, Func<IAdminClient, TimeSpan, Task<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        var answer = AskOnceAsync(what, call, limit, cancellationToken);
        await ((Task)answer).WaitAsync(UsualAnswer, cluster.Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!answer.IsCompleted)
        {
            var refresh = RefreshAsync(LongestRefresh < limit ? LongestRefresh : limit, cancellationToken);
            Observe(refresh);
            await Task.WhenAny(answer, refresh).ConfigureAwait(false);
        }

        return await answer.ConfigureAwait(false);
    }

    private async Task<T> AskOnceAsync<T>(
        string what, Func<IAdminClient, TimeSpan, Task<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var admin = cluster.Admin();
        var refused = cluster.Watch.Refused;
        var task = Start(() => call(admin, limit));

        Observe(task);
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
