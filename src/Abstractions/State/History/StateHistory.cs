using System.Runtime.CompilerServices;
using System.Text;

namespace DashStream.State;

/// <summary>
/// Looks into the past of threads in any provider's log: the state at a number, a position or a time, every step of a run, and where two runs part. A state is
/// rebuilt from the nearest full state or checkpoint before it, which is searched backward from the point, and proven by its hash; nothing is written and
/// nothing is committed. Records of a thread are found by their key, which is the thread's id; those without a key are looked into. Safe to use concurrently;
/// every call reads what the log holds at that time.
/// </summary>
public sealed class StateHistory
{
    private readonly IStreamProvider _provider;
    private readonly string _topic;
    private readonly StateReplicaOptions _options;
    private readonly StateCheckpoints? _checkpoints;

    /// <summary>Looks into a topic.</summary>
    /// <param name="provider">Where the log is; not owned.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <param name="checkpoints">Checkpoints that were saved of this topic's moments, to begin from and to find states by reference in; null for none. One whose place
    /// in the log does not hold its message is not used; to be found, name the tenant that they were saved for.</param>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public StateHistory(IStreamProvider provider, string topic, StateReplicaOptions? options = null, StateCheckpoints? checkpoints = null)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentException.ThrowIfNullOrEmpty(topic);
        _provider = provider;
        _topic = topic;
        _options = (options ?? new StateReplicaOptions()).Checked();
        _checkpoints = checkpoints;
    }

    /// <summary>The state of a thread at a point.</summary>
    /// <param name="threadId">The thread.</param>
    /// <param name="at">The point.</param>
    /// <param name="tenantId">The tenant; null for that of whichever message of the thread is found first.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StateUnknownException">It cannot be rebuilt: something before it is missing or damaged.</exception>
    /// <exception cref="StreamException">There is no such topic, or nothing of the thread up to that point (<see cref="StreamErrorKind.NotFound"/>); the position is none of
    /// the log (<see cref="StreamErrorKind.OutOfRange"/>); or it cannot be read.</exception>
    public async ValueTask<StateLookup> GetAsync(string threadId, StatePoint at, string? tenantId = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(threadId);
        ArgumentNullException.ThrowIfNull(at);
        foreach (var partition in await PartitionsAsync(threadId, at, cancellationToken).ConfigureAwait(false))
        {
            var records = new ThreadRecords(_provider, _topic, partition.Partition, threadId, tenantId);
            if (await FindBaseAsync(records, partition, threadId, at, cancellationToken).ConfigureAwait(false) is not { } start)
            {
                continue;
            }

            var replay = new StateReplay(records, threadId, _options);
            await foreach (var _ in replay.RunAsync(start, cancellationToken).ConfigureAwait(false))
            {
                // Only where it ends counts.
            }

            if (replay is { IsInSync: true, Moment: { } moment })
            {
                return new StateLookup(moment, records.Bad, records.Read);
            }

            throw replay is { Moment: null, Problem: null }
                ? new StreamException(StreamErrorKind.NotFound, $"Thread '{threadId}' has messages in topic '{_topic}', but no state up to {at}.")
                : new StateUnknownException(threadId, at.ToString()!, replay.Moment, replay.Problem);
        }

        throw Missing(threadId, at);
    }

    /// <summary>Every step of a thread, from the oldest that the log holds to its end as it is now; steps whose state cannot be known are there, with the reason.</summary>
    /// <exception cref="StreamException">There is no such topic or thread (<see cref="StreamErrorKind.NotFound"/>), or it cannot be read.</exception>
    public async IAsyncEnumerable<StateStep> ReadAsync(string threadId, string? tenantId = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(threadId);
        var isThere = false;
        foreach (var partition in await PartitionsAsync(threadId, StatePoint.Latest, cancellationToken).ConfigureAwait(false))
        {
            var records = new ThreadRecords(_provider, _topic, partition.Partition, threadId, tenantId);
            var replay = new StateReplay(records, threadId, _options);
            var whole = new StateBase(null, partition.Bounds.Begin, partition.Bounds.End);
            await foreach (var step in replay.RunAsync(whole, cancellationToken).ConfigureAwait(false))
            {
                isThere = true;
                yield return step;
            }

            if (isThere)
            {
                yield break;
            }
        }

        throw Missing(threadId, StatePoint.Latest);
    }

    /// <summary>The state of a thread as it is now, if it has one, then every later step as it comes. Ends only by cancellation. The thread need not be there yet.</summary>
    /// <exception cref="StreamException">There is no such topic (<see cref="StreamErrorKind.NotFound"/>), or it cannot be read.</exception>
    public async IAsyncEnumerable<StateStep> WatchAsync(string threadId, string? tenantId = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(threadId);
        var partitions = await PartitionsAsync(threadId, StatePoint.Latest, cancellationToken).ConfigureAwait(false);
        var (found, start) = (partitions[0], new StateBase(null, partitions[0].Bounds.End, partitions[0].Bounds.End));
        foreach (var partition in partitions)
        {
            var records = new ThreadRecords(_provider, _topic, partition.Partition, threadId, tenantId);
            if (await FindBaseAsync(records, partition, threadId, StatePoint.Latest, cancellationToken).ConfigureAwait(false) is { } there)
            {
                (found, start) = (partition, there);
                break;
            }
        }

        var following = new ThreadRecords(_provider, _topic, found.Partition, threadId, tenantId);
        var replay = new StateReplay(following, threadId, _options);
        StateMoment? now = start.Moment;
        await foreach (var step in replay.RunAsync(start, cancellationToken).ConfigureAwait(false))
        {
            now = step.Moment ?? now;
        }

        if (now is not null)
        {
            yield return new StateStep(now.Position!.Value, now.Sequence, now, null);
        }

        await foreach (var step in replay.RunAsync(null, following.FollowAsync(start.End, cancellationToken), cancellationToken).ConfigureAwait(false))
        {
            yield return step;
        }
    }

    /// <summary>
    /// Compares two threads change by change and tells where they part first; null when they do not. States that repeat the one before, such as those sent again
    /// whole, do not count as changes.
    /// </summary>
    /// <param name="threadId">The first thread, of this topic.</param>
    /// <param name="other">Where the second thread is; may be this history.</param>
    /// <param name="otherThreadId">The second thread.</param>
    /// <param name="tenantId">The tenant of both; null for those of whichever messages are found first.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StateUnknownException">A state before they part cannot be rebuilt.</exception>
    /// <exception cref="StreamException">A topic or thread is not there (<see cref="StreamErrorKind.NotFound"/>), or cannot be read.</exception>
    public async ValueTask<StateDivergence?> CompareAsync(
        string threadId, StateHistory other, string otherThreadId, string? tenantId = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(other);
        var left = ChangesAsync(threadId, tenantId, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var leftUse = left.ConfigureAwait(false);
        var right = other.ChangesAsync(otherThreadId, tenantId, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var rightUse = right.ConfigureAwait(false);
        for (var step = 1; ; step++)
        {
            var mine = await left.MoveNextAsync().ConfigureAwait(false) ? left.Current : null;
            var theirs = await right.MoveNextAsync().ConfigureAwait(false) ? right.Current : null;
            if (mine is null && theirs is null)
            {
                return null;
            }

            if (mine?.Hash != theirs?.Hash)
            {
                var patch = mine is null || theirs is null ? null : StateDiffer.Compare(mine.State, theirs.State, _options.State).Patch;
                return new StateDivergence(step, mine, theirs, patch);
            }
        }
    }

    private async IAsyncEnumerable<StateMoment> ChangesAsync(string threadId, string? tenantId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StateMoment? last = null;
        await foreach (var step in ReadAsync(threadId, tenantId, cancellationToken).ConfigureAwait(false))
        {
            var moment = step.Moment ?? throw new StateUnknownException(threadId, $"position {step.Position}", last, step.Problem);
            if (moment.Hash != last?.Hash)
            {
                yield return moment;
            }

            last = moment;
        }
    }

    /// <summary>The partitions in which the thread may be, the likeliest first.</summary>
    private async ValueTask<IReadOnlyList<PartitionDescription>> PartitionsAsync(string threadId, StatePoint at, CancellationToken cancellationToken)
    {
        var topic = await new TopicScan(_provider, _topic).DescribeAsync(cancellationToken).ConfigureAwait(false);
        if (at is not StatePoint.PositionPoint { Position: var position })
        {
            var likeliest = KeyPartitioner.PartitionOf(Encoding.UTF8.GetBytes(threadId), topic.Partitions.Count);
            return [.. topic.Partitions.OrderBy(partition => partition.Partition == likeliest ? 0 : 1)];
        }

        var found = topic.Partitions.FirstOrDefault(partition => partition.Partition == position.Partition);
        return found is not null && position.Offset >= found.Bounds.Begin && position.Offset < found.Bounds.End
            ? [found]
            : throw new StreamException(StreamErrorKind.OutOfRange, found is null
                ? $"Topic '{_topic}' has no partition {position.Partition}; it has {topic.Partitions.Count}, numbered from 0."
                : $"Position {position} is none of topic '{_topic}': its partition holds offsets from {found.Bounds.Begin} up to, not including, {found.Bounds.End}.");
    }

    private async ValueTask<StateBase?> FindBaseAsync(
        ThreadRecords records, PartitionDescription partition, string threadId, StatePoint at, CancellationToken cancellationToken)
    {
        var (begin, end) = (partition.Bounds.Begin, partition.Bounds.End);
        if (at is StatePoint.PositionPoint { Position: var position })
        {
            end = position.Offset + 1;
        }
        else if (at is StatePoint.TimePoint { TimestampUs: < long.MaxValue and var time }
            && await _provider.Admin.FindAsync(_topic, partition.Partition, time + 1, cancellationToken).ConfigureAwait(false) is { } later)
        {
            end = later.Offset < end ? later.Offset : end;
        }

        var sequence = (at as StatePoint.SequencePoint)?.Sequence;
        var floor = await FloorAsync(records, threadId, begin, end, sequence, cancellationToken).ConfigureAwait(false);
        var search = new StateBaseSearch(records, threadId, _options, _checkpoints);
        return await search.FindAsync(floor?.Position!.Value.Offset ?? begin, end, sequence, floor, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The newest stored checkpoint before the point, if the log holds its message at its place.</summary>
    private async ValueTask<StateMoment?> FloorAsync(
        ThreadRecords records, string threadId, UInt128 begin, UInt128 end, ulong? sequence, CancellationToken cancellationToken)
    {
        if (_checkpoints is null)
        {
            return null;
        }

        bool Fits(StateMoment moment) => moment.Position is { } place && place.Partition == records.Partition && place.Offset >= begin && place.Offset < end
            && (sequence is null || (moment.Sequence != 0 && moment.Sequence <= sequence));
        var recovery = await _checkpoints.RecoverAsync(threadId, records.TenantId ?? "", Fits, cancellationToken).ConfigureAwait(false);
        records.Bad.AddRange(recovery.Bad.Select(bad => new BadStateRecord(null, bad.Error)));
        if (recovery.Checkpoint is not { Moment: { Position: { } position } moment })
        {
            return null;
        }

        await foreach (var record in records.ReadAsync(position.Offset, position.Offset + 1, cancellationToken).ConfigureAwait(false))
        {
            var announced = record.Message.StateDiff?.StateHash;
            if (record.Order == new MessageOrder(moment.Producer, moment.Sequence, position) && (announced is not { Length: > 0 } || announced.Span.SequenceEqual(moment.Hash.ToArray())))
            {
                return moment;
            }
        }

        return null;
    }

    private StreamException Missing(string threadId, StatePoint at) =>
        new(StreamErrorKind.NotFound, $"Topic '{_topic}' of this {_provider.Name} store has nothing of thread '{threadId}' up to {at}.");
}
