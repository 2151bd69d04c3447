using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// Takes partitions in and gives them up, in step with the application's listener. Runs on the poll thread, inside librdkafka's rebalance callbacks or instead of
/// them; never throws there: what goes wrong ends the consumer.
/// </summary>
internal sealed class MemberAssignments(KafkaCluster cluster, ConsumerPlan plan, FetchBuffer buffer, ConsumerState state, StartFinder starts) : IDisposable
{
    private readonly ListenerCalls _listener = new(plan.Options.Listener, plan.Options.SessionTimeout);
    private readonly CancellationTokenSource _stop = new();
    private IReadOnlyList<int> _lapsed = [];

    /// <summary>A listener call outlasted the session: the member must leave the group.</summary>
    public bool HasLapsed => _listener.HasOutlasted;

    /// <summary>What a stop found when it gave everything up; null when it did not come to that.</summary>
    public Standing? AtStop { get; private set; }

    /// <summary>Ends the search for starting positions.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>These partitions are ours: finds where to begin, tells the listener, then lets reading begin.</summary>
    public IEnumerable<TopicPartitionOffset> Assign(List<TopicPartition> partitions)
    {
        var numbers = partitions.ConvertAll(static partition => partition.Partition.Value);
        numbers.Sort();
        if (!state.IsOver && !HasLapsed && numbers.Count > 0)
        {
            Guard(() => Assign(numbers));
        }

        // Whoever is not ours by now is fetched from nowhere in particular: the client is about to be closed.
        var begins = buffer.Select(static partition => (partition.Number, Offset: partition.Fault is null ? new Offset(partition.Fetched) : Offset.End))
            .ToDictionary(static partition => partition.Number, static partition => partition.Offset);
        return partitions.ConvertAll(partition => new TopicPartitionOffset(partition, begins.GetValueOrDefault(partition.Partition.Value, Offset.End)));
    }

    /// <summary>These partitions go to another member: reads end with them, the listener finishes and commits, then they are let go.</summary>
    public void Revoke(List<TopicPartitionOffset> positions)
    {
        var known = buffer.Deactivate(positions.ConvertAll(static position => position.Partition.Value));
        if (known.Count > 0 && !HasLapsed)
        {
            Guard(() => Revoke(known));
        }
    }

    /// <summary>These partitions are gone already.</summary>
    public void Lose(List<TopicPartitionOffset> positions)
    {
        var known = buffer.Remove(positions.ConvertAll(static position => position.Partition.Value));
        if (known.Count > 0 && !HasLapsed)
        {
            Guard(() => TellLost(known));
        }
    }

    /// <summary>For a stop: gives up everything while the client is still a full member, so that the last commit is an ordinary one.</summary>
    public void RevokeAll()
    {
        var all = buffer.Deactivate(buffer.Select(static partition => partition.Number));
        if (all.Count > 0 && !HasLapsed)
        {
            Guard(() => Revoke(all));
        }
        else
        {
            AtStop = TakeStanding(isWhole: !HasLapsed);
        }
    }

    /// <summary>What is committed and what is left now.</summary>
    public Standing TakeStanding(bool isWhole)
    {
        var partitions = buffer.Select(static partition => (partition.Number, partition.CommittedNext, partition.Left));
        var committed = partitions.Where(static partition => partition.CommittedNext > 0)
            .Select(static partition => new StreamPosition(partition.Number, (UInt128)(partition.CommittedNext - 1)));
        return new Standing(isWhole, [.. committed], partitions.Sum(static partition => partition.Left));
    }

    /// <summary>After the member has left: waits for the call that outlasted the session, then tells what was lost.</summary>
    public void EndLapse() => Guard(() =>
    {
        _listener.AwaitOutlasting();
        var lost = _lapsed;
        _lapsed = [];
        if (lost.Count > 0)
        {
            TellLost(lost);
        }
    });

    public void Dispose()
    {
        _listener.Dispose();
        _stop.Dispose();
    }

    private void Assign(List<int> numbers)
    {
        Note("assigned", numbers);

        // The poll thread waits: librdkafka wants the starting positions when the callback returns.
        var points = starts.FindAssignedAsync(numbers, _stop.Token).GetAwaiter().GetResult();
        buffer.Add(points);
        if (Call((listener, token) => listener.OnAssignedAsync(numbers, token), revoking: []))
        {
            buffer.Activate(numbers);
        }
    }

    private void Revoke(IReadOnlyList<int> known)
    {
        Note("revoked", known);
        if (Call((listener, token) => listener.OnRevokedAsync(known, token), known))
        {
            AtStop = state.IsStopping ? TakeStanding(isWhole: true) : null;
            buffer.Remove(known);
        }
    }

    private void TellLost(IReadOnlyList<int> known)
    {
        Note("lost", known);
        Call((listener, token) => listener.OnLostAsync(known, token), known);
    }

    private bool Call(Func<IAssignmentListener, CancellationToken, ValueTask> call, IReadOnlyList<int> revoking)
    {
        if (_listener.TryCall(call))
        {
            return true;
        }

        KafkaLog.ListenerOutlastedSession(cluster.Logger, plan.Topic, plan.Group!, plan.Options.SessionTimeout);
        AtStop = state.IsStopping ? TakeStanding(isWhole: false) : null;
        var held = buffer.Remove(buffer.Select(static partition => partition.Number));
        _lapsed = [.. held.Except(revoking)];
        return false;
    }

    private void Note(string change, IReadOnlyList<int> partitions)
    {
        cluster.Meter.Rebalanced(plan.Topic, plan.Group!, change);
        KafkaLog.Rebalanced(cluster.Logger, plan.Topic, plan.Group!, change, partitions);
    }

    // An exception must not pass through native code; whatever it is, it ends the consumer and its next read throws it.
    private void Guard(Action step)
    {
        try
        {
            step();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // A stop came first.
        }
        catch (Exception e)
        {
            state.Fail(e);
            buffer.Remove(buffer.Select(static partition => partition.Number));
            buffer.Wake();
        }
    }
}
