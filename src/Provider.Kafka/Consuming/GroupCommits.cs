using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// Commits of one member, one at a time, through whichever client is the member now. librdkafka waits for its answer on a thread of the pool, which is bounded
/// here: it waits for a coordinator that is away for as long as that takes. Safe for concurrent use.
/// </summary>
#pragma warning disable CA1001 // A commit may outlive its consumer, so its gate is never disposed; without a wait handle there is nothing to free.
internal sealed class GroupCommits(KafkaCluster cluster, string topic, string group, FetchBuffer buffer)
#pragma warning restore CA1001
{
    // The broker moved our epoch on and the next heartbeat, which is on its way, brings it (KIP-848).
    private static readonly TimeSpan EpochPause = TimeSpan.FromMilliseconds(50);
    private const int EpochAttempts = 20;

    private readonly SemaphoreSlim _one = new(1, 1);
    private IConsumer<byte[]?, byte[]?>? _client;

    /// <summary>The client that is the member from now on.</summary>
    public void Attach(IConsumer<byte[]?, byte[]?> client) => Volatile.Write(ref _client, client);

    /// <summary>Waits until no commit is under way, within a bound, and refuses further ones as fenced; then, or when the last one has ended, calls back.</summary>
    public void Detach(TimeSpan limit, Action then)
    {
        // On the consumer's own poll thread, which has nothing else to do any more.
        var entered = _one.Wait(limit);
        Volatile.Write(ref _client, null);
        if (!entered)
        {
            // It waits inside the client for a coordinator that is away, so the client must stay as long.
            _ = _one.WaitAsync().ContinueWith(_ => Free(then), TaskScheduler.Default);
            return;
        }

        Free(then);

        void Free(Action call)
        {
            _one.Release();
            call();
        }
    }

    /// <inheritdoc cref="IStreamConsumer.CommitAsync"/>
    public async Task CommitAsync(IReadOnlyList<StreamPosition> positions, CancellationToken cancellationToken)
    {
        var limit = cluster.Options.OperationTimeout;
        if (!await _one.WaitAsync(limit, cancellationToken).ConfigureAwait(false))
        {
            throw NoAnswer(limit);
        }

        List<int> fenced;
        var commit = Task.FromResult(Array.Empty<int>());
        try
        {
            (var due, fenced) = Sort(positions);
            if (due.Count > 0)
            {
                commit = CommitDueAsync(due);
                fenced.AddRange(await commit.WaitAsync(limit, cluster.Time, cancellationToken).ConfigureAwait(false));
            }
        }
        catch (TimeoutException)
        {
            throw NoAnswer(limit);
        }
        finally
        {
            // One that goes on without its caller keeps the place: nothing may overtake it, and the client must not be closed under it.
            _ = commit.ContinueWith(
                static (done, one) =>
                {
                    _ = done.Exception;
                    ((SemaphoreSlim)one!).Release();
                },
                _one, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        if (fenced.Count > 0)
        {
            throw NotOurs(fenced);
        }
    }

    public StreamException NotOurs(IEnumerable<int> partitions) => new(StreamErrorKind.Fenced,
        $"Partition {string.Join(", ", partitions.Order())} of topic '{topic}' is not (or no longer) owned by this member of group '{group}'; whoever owns it goes on "
        + "behind the last commit.");

    private (List<TopicPartitionOffset> Due, List<int> Fenced) Sort(IReadOnlyList<StreamPosition> positions)
    {
        var due = new List<TopicPartitionOffset>(positions.Count);
        var fenced = new List<int>();
        foreach (var position in positions)
        {
            var next = position.Offset < long.MaxValue ? (long)position.Offset + 1 : long.MaxValue;
            var known = false;
            buffer.TryLook(position.Partition, partition =>
            {
                known = true;
                if (next > partition.CommittedNext)
                {
                    due.Add(new TopicPartitionOffset(partition.Position, next));
                }
            });
            if (!known)
            {
                fenced.Add(position.Partition);
            }
        }

        return (due, fenced);
    }

    // Returns the partitions that were refused as not ours.
    private async Task<int[]> CommitDueAsync(List<TopicPartitionOffset> due)
    {
        for (var attempt = 1; ; attempt++)
        {
            var refused = await Task.Run(() => TryCommit(due, mayBeStale: attempt < EpochAttempts)).ConfigureAwait(false);
            if (refused is not null)
            {
                return refused;
            }

            await Task.Delay(EpochPause, cluster.Time).ConfigureAwait(false);
        }
    }

    // Null when it is worth another attempt.
    private int[]? TryCommit(List<TopicPartitionOffset> positions, bool mayBeStale)
    {
        try
        {
            if (Volatile.Read(ref _client) is not { } client)
            {
                return NumbersOf(positions);
            }

            client.Commit(positions);
            Note(positions);
            return [];
        }
        catch (TopicPartitionOffsetException e)
        {
            return Refused(e);
        }
        catch (KafkaException e) when (e.Error.Code == ErrorCode.StaleMemberEpoch && mayBeStale)
        {
            return null;
        }
        catch (KafkaException e) when (KafkaErrors.KindOf(e.Error) == StreamErrorKind.Fenced)
        {
            return NumbersOf(positions);
        }
        catch (KafkaException e)
        {
            throw cluster.Calls.Failure($"Committing in group '{group}' of topic '{topic}'", e);
        }
    }

    private static int[] NumbersOf(List<TopicPartitionOffset> positions) => [.. positions.Select(static position => position.Partition.Value)];

    private int[] Refused(TopicPartitionOffsetException error)
    {
        Note(error.Results.Where(static result => !result.Error.IsError).Select(static result => result.TopicPartitionOffset));
        var failed = error.Results.FirstOrDefault(static result => result.Error.IsError && KafkaErrors.KindOf(result.Error) != StreamErrorKind.Fenced);
        return failed is null
            ? [.. error.Results.Where(static result => result.Error.IsError).Select(static result => result.Partition.Value)]
            : throw KafkaErrors.Of($"Committing in group '{group}' of topic '{topic}' at {cluster.Servers}", failed.Error, error);
    }

    private void Note(IEnumerable<TopicPartitionOffset> committed)
    {
        foreach (var position in committed)
        {
            buffer.TryLook(position.Partition.Value, partition => partition.CommittedNext = Math.Max(partition.CommittedNext, position.Offset.Value));
        }
    }

    private StreamException NoAnswer(TimeSpan limit) => new(StreamErrorKind.Timeout,
        $"A commit in group '{group}' of topic '{topic}' was not answered within {limit} (OperationTimeout); it may happen all the same. "
        + (cluster.Watch.LastTrouble is { } trouble ? $"Last seen of {cluster.Servers}: {trouble}." : $"{cluster.Servers} did not answer."));
}
