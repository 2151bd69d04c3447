using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Providers;

/// <summary>
/// Asks the cluster, through an administration client, within the operation time-out: passing trouble is waited out, refused credentials end the call at
/// once, and errors come back as ours. Every request is one that may be repeated. Safe for concurrent use.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="admins">The client that is asked.</param>
internal sealed class ClusterCalls(KafkaCluster cluster, AdminClients admins)
{
    // A refusal may be history by now (a changed password, a fresh token): a new call gets this long to prove it.
    private static readonly TimeSpan SecondChance = TimeSpan.FromSeconds(3);

    // The controller that librdkafka remembers may be gone: then a request waits for it until it is told of another one, which costs a request for metadata.
    private static readonly TimeSpan LongestRefresh = TimeSpan.FromSeconds(3);
    private const int AttemptsInTime = 3;

    // A broker that hangs answers nothing and is not found out by its connection: the next attempt goes to another one.
    private static readonly TimeSpan LongestAttempt = TimeSpan.FromSeconds(5);

    // Of a request to a coordinator; its client is replaced long before.
    private static readonly TimeSpan Endless = TimeSpan.FromMinutes(30);

    // Longer than a healthy cluster takes for anything that is asked here.
    private static readonly TimeSpan UsualAnswer = TimeSpan.FromSeconds(1);

    private const string OneIsSilent = "Other requests were answered meanwhile: what gave no answer is the one broker that this needs, which is the controller for topics, "
        + "the coordinator for a group and the leader for a partition.";

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
        var share = Least(most / AttemptsInTime, LongestAttempt);
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (pause > FirstPause || cluster.Watch.LastTrouble is not null)
            {
                await RefreshAsync(Least(LongestRefresh, Least(share, Left())), cancellationToken).ConfigureAwait(false);
            }

            var attempt = Left() < share * 2 ? Left() : share;
            IAdminClient? asked = null;
            try
            {
                return await AskPatientlyAsync(what, (admin, allowed) => call(asked = admin, allowed), attempt, cancellationToken).ConfigureAwait(false);
            }
            catch (KafkaException e) when (KafkaErrors.KindOf(First(e)) is StreamErrorKind.Transient or StreamErrorKind.Timeout)
            {
                await ThrowIfRefusedAsync(what, e, !wasRefused || time.GetElapsedTime(started) > SecondChance).ConfigureAwait(false);
                if (asked is not null && (IsSilence(First(e).Code) || IsMisled(First(e).Code)))
                {
                    admins.Replace(asked, isSpoilt: IsMisled(First(e).Code));
                }

                if (time.GetElapsedTime(started) + pause >= most)
                {
                    throw;
                }

                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            }
        }

        TimeSpan Left() => Most(most - time.GetElapsedTime(started), FirstPause);
    }

    /// <summary>As <see cref="TryAskAsync"/>, for a call that the coordinator of a group answers: it is to run with the time it is given, which does not run out.</summary>
    public Task<T> TryAskCoordinatorAsync<T>(string what, Func<IAdminClient, TimeSpan, Task<T>> call, CancellationToken cancellationToken) =>
        TryAskAsync(what, (admin, limit) => EndInTimeAsync(admin, call(admin, Endless), limit), cancellationToken);

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

    // Brokers that refuse us hang up, and some requests tell the one and not the other.
    private async Task ThrowIfRefusedAsync(string what, KafkaException error, bool isProven)
    {
        var refused = cluster.Watch.Refused;
        if (refused.IsCompleted && isProven)
        {
            throw KafkaErrors.Of($"{what} at {cluster.Servers}", await refused.ConfigureAwait(false), error);
        }
    }

    /// <summary>Our error for a failed call, with what was last seen of the cluster where it did not answer.</summary>
    public StreamException Failure(string what, KafkaException error)
    {
        var first = First(error);
        var kind = KafkaErrors.KindOf(first);
        var seen = kind is not (StreamErrorKind.Timeout or StreamErrorKind.Transient) ? null
            : cluster.Watch.LastTrouble is { } trouble ? $"Last seen: {trouble}."
            : kind == StreamErrorKind.Timeout && cluster.Watch.AnsweredWithin(cluster.Options.OperationTimeout) ? OneIsSilent
            : null;
        return KafkaErrors.Of($"{what} at {cluster.Servers}", first, error, seen is null ? null : $"{seen} {KafkaErrors.AdviceFor(kind)}");
    }

    /// <summary>The error that counts: Confluent's exceptions about several items say only that some failed.</summary>
    public static Error First(KafkaException error) => ItemErrors(error).FirstOrDefault(static item => item is { IsError: true }) ?? error.Error;

    // Nobody said anything: the client may be asking a broker that is gone, or wait behind a request that its broker cannot answer.
    private static bool IsSilence(ErrorCode code) => code is ErrorCode.Local_TimedOut or ErrorCode.Local_TimedOutQueue;

    // The client goes on asking the coordinator that it remembers, also when that one says that it is not.
    private static bool IsMisled(ErrorCode code) => code is ErrorCode.NotCoordinatorForGroup;

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

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Most(TimeSpan one, TimeSpan other) => one > other ? one : other;

    // When time runs out for a request of librdkafka 2.15.1 that has not found its coordinator, and one is found later, what belongs to it is freed twice, which
    // takes the process down. So the client goes before the request's own time has run out.
    private async Task<T> EndInTimeAsync<T>(IAdminClient admin, Task<T> answer, TimeSpan limit)
    {
        try
        {
            return await answer.WaitAsync(limit, cluster.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Observe(answer);
            admins.Replace(admin, isSpoilt: true);
            throw new KafkaException(new Error(ErrorCode.Local_TimedOut));
        }
    }

    // What is no longer waited for may still fail, and nobody asks it then.
    private static void Observe(Task task) =>
        _ = task.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    // The client is held until it has answered, whoever still waits for that.
    private Task<T> Start<T>(Func<IAdminClient, TimeSpan, Task<T>> call, TimeSpan limit)
    {
        var admin = admins.Take() ?? throw cluster.Disposed();
        var task = StartAsync();
        _ = task.ContinueWith(
            done =>
            {
                _ = done.Exception;
                admin.Dispose();
            },
            CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return task;

        async Task<T> StartAsync() => await call(admin.Client, limit).ConfigureAwait(false);
    }

    // A request that waits for a dead controller goes on as soon as metadata names another.
    private async Task<T> AskPatientlyAsync<T>(
        string what, Func<IAdminClient, TimeSpan, Task<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        var answer = AskOnceAsync(what, call, limit, cancellationToken);
        await ((Task)answer).WaitAsync(UsualAnswer, cluster.Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!answer.IsCompleted)
        {
            var refresh = RefreshAsync(Least(LongestRefresh, limit), cancellationToken);
            Observe(refresh);
            await Task.WhenAny(answer, refresh).ConfigureAwait(false);
        }

        return await answer.ConfigureAwait(false);
    }

    private async Task<T> AskOnceAsync<T>(
        string what, Func<IAdminClient, TimeSpan, Task<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var refused = cluster.Watch.Refused;
        var task = Start(call, limit);
        var other = refused.IsCompleted ? Task.Delay(SecondChance, cluster.Time, cancellationToken) : refused;
        await Task.WhenAny(task, other, cluster.Closing).WaitAsync(cancellationToken).ConfigureAwait(false);

        // Off the client's own thread: a caller that blocked in its continuation would stop every other answer.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        cancellationToken.ThrowIfCancellationRequested();
        if (!task.IsCompleted)
        {
            cluster.ThrowIfDisposed();
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
