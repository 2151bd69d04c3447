using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>What becomes of the errors that polling returns: a gap, an error of a read, the end of the consumer, or nothing. Used by the poll thread only.</summary>
internal sealed class FetchErrors(KafkaCluster cluster, ConsumerPlan plan, FetchBuffer buffer, ConsumerState state, LogOffsets offsets)
{
    // The poll thread waits for it, and rebalances with it.
    private static readonly TimeSpan LookUpLimit = TimeSpan.FromSeconds(5);

    /// <summary>Takes an error. What was received before it has been handed over.</summary>
    public void Take(ConsumeException error)
    {
        var code = error.Error.Code;
        var partition = error.ConsumerRecord?.Partition.Value ?? -1;
        if (error.Error.IsFatal)
        {
            state.Fail(Ours(error));
            buffer.Wake();
        }
        else if (code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange or ErrorCode.Local_LogTruncation)
        {
            LookUp(partition);
        }
        else if (code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition or ErrorCode.UnknownTopicId)
        {
            LookForTopic(error);
        }
        else if (code is ErrorCode.InvalidSessionTimeout or ErrorCode.InconsistentGroupProtocol or ErrorCode.GroupMaxSizeReached or ErrorCode.UnsupportedAssignor
            or ErrorCode.FencedInstanceId or ErrorCode.InvalidGroupId or ErrorCode.UnsupportedVersion)
        {
            state.Fail(Ours(error));
            buffer.Wake();
        }
        else if (IsForReaders(code))
        {
            buffer.Tell(Ours(error));
        }
    }

    // Reading alone needs no permission for a group, although librdkafka asks after one.
    private bool IsForReaders(ErrorCode code) => KafkaErrors.KindOf(code) switch
    {
        StreamErrorKind.Unauthorized => !(plan.IsAlone && code == ErrorCode.GroupAuthorizationFailed),
        StreamErrorKind.Corrupt or StreamErrorKind.Incompatible or StreamErrorKind.InvalidRequest or StreamErrorKind.TooLarge => true,
        _ => false,
    };

    // The log does not hold what was to be fetched: what lies before it is a gap, told to the reader; what lies behind its end is an error until somebody seeks.
    private void LookUp(int partition)
    {
        long? from = null;
        buffer.TryLook(partition, found => from = found is { IsActive: true, Move: null } ? found.Fetched : null);
        if (from is not { } next || Ask(token => offsets.BoundsAsync(plan.Topic, [partition], token)) is not { } found)
        {
            buffer.Retry(partition);
            return;
        }

        var bounds = found[partition];
        if (next < bounds.Begin)
        {
            buffer.AddGap(partition, bounds.Begin);
        }
        else if (next > bounds.End)
        {
            buffer.SetFault(partition, bounds.OutOfRange(plan.Topic, new StreamPosition(partition, (UInt128)next)));
        }
        else
        {
            buffer.Retry(partition);
        }
    }

    // A broker that has not heard of a new topic yet says the same as one where the topic was deleted.
    private void LookForTopic(ConsumeException error)
    {
        var topics = new KafkaTopics(cluster);
        var answer = Ask(async token => (Found: await topics.FindAsync(plan.Topic, token).ConfigureAwait(false), Asked: true));
        if (answer is { Asked: true, Found: null })
        {
            buffer.Tell(new StreamException(StreamErrorKind.NotFound, $"Topic '{plan.Topic}' at {cluster.Servers} was deleted while it was being read.", error));
        }
    }

    private T? Ask<T>(Func<CancellationToken, Task<T>> call)
    {
        using var limit = new CancellationTokenSource(LookUpLimit, cluster.Time);
        try
        {
            // On the consumer's own thread, which has nothing to fetch until it knows.
            return call(limit.Token).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is StreamException or OperationCanceledException)
        {
            KafkaLog.ReadTrouble(cluster.Logger, plan.Topic, e);
            return default;
        }
    }

    private StreamException Ours(ConsumeException error)
    {
        var what = plan.IsAlone ? $"Reading topic '{plan.Topic}'" : $"Reading topic '{plan.Topic}' in group '{plan.Group}'";
        return error.Error.Code == ErrorCode.InvalidSessionTimeout
            ? KafkaErrors.Of($"{what} at {cluster.Servers}", error.Error, error,
                $"The session time-out is {plan.Options.SessionTimeout}; brokers take group.min.session.timeout.ms (6 s unless changed) to group.max.session.timeout.ms.")
            : cluster.Calls.Failure(what, error);
    }
}
