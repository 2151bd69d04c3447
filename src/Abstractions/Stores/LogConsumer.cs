using DashStream.Groups;

namespace DashStream.Stores;

/// <summary>
/// The consumer of every provider that is built on an <see cref="ILogStore"/>. <see cref="SeekTarget.End"/> as the start means the end as it was when the
/// consumer was opened. Safe for concurrent use, but for one read at a time.
/// </summary>
internal sealed class LogConsumer : IStreamConsumer
{
    private static readonly TimeSpan DisposeDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestCount = TimeSpan.FromMilliseconds(200);

    // No timer runs much longer than this, and no stop should.
    private static readonly TimeSpan LongestStop = TimeSpan.FromDays(1);

    private readonly ILogStore _store;
    private readonly TimeProvider _time;
    private readonly ConsumerEnd _end;
    private readonly CursorTable _cursors;
    private readonly LogReader _reader;
    private readonly GroupMembership? _membership;
    private readonly Lock _stopGate = new();
    private Task<StopReceipt>? _stop;
    private volatile bool _closed;

    private LogConsumer(ILogStore store, TopicSpec topic, StreamConsumerOptions options, CursorStarts starts, TimeProvider time)
    {
        _store = store;
        _time = time;
        Topic = topic.Name;
        Group = options.Group;
        _end = new ConsumerEnd(topic.Name);
        _cursors = new CursorTable(partition => _membership is null || _membership.Held.Holds(partition));
        _reader = new LogReader(store, topic.Name, options, _cursors, _end, time);
        if (options.Group is not null)
        {
            _membership = new GroupMembership(store, topic, options, new AssignmentRelay(_cursors, starts, options.Listener), time);
            _membership.Failed = () => _end.Fail(_membership.Failure!);
        }
    }

    public string Topic { get; }

    public string? Group { get; }

    public IReadOnlyList<int> Assignment => _closed ? [] : _cursors.Partitions;

    /// <summary>Opens a consumer; a group is joined before this returns, partitions are assigned afterwards.</summary>
    internal static async ValueTask<LogConsumer> OpenAsync(
        ILogStore store, TopicSpec topic, StreamConsumerOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        options = options.Copy();
        options.Validate();
        var starts = new CursorStarts(store, topic, options, time);
        var consumer = new LogConsumer(store, topic, options, starts, time);
        if (consumer._membership is { } membership)
        {
            await starts.PinEndsAsync(Enumerable.Range(0, topic.Partitions), cancellationToken).ConfigureAwait(false);
            await membership.StartAsync(cancellationToken).ConfigureAwait(false);
            return consumer;
        }

        var partitions = PartitionsToRead(topic, options);
        await starts.PinEndsAsync(partitions, cancellationToken).ConfigureAwait(false);
        foreach (var partition in partitions)
        {
            consumer._cursors.Add([await starts.FindWithoutCommitAsync(partition, options.Start, cancellationToken).ConfigureAwait(false)]);
        }

        consumer._cursors.Activate(partitions);
        return consumer;
    }

    public ValueTask<StreamBatch> ReadAsync(TimeSpan wait, CancellationToken cancellationToken = default) =>
        _membership is null ? _reader.ReadAsync(wait, cancellationToken) : ReadAndNoteAsync(_membership, wait, cancellationToken);

    public async ValueTask CommitAsync(IReadOnlyList<StreamPosition> positions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(positions);
        if (_membership is null)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"The consumer of topic '{Topic}' has no group, so there is nothing to commit to. Open it with a group, or keep positions yourself.");
        }

        ThrowIfClosed();
        ThrowIfRepeated(positions);
        cancellationToken.ThrowIfCancellationRequested();
        var held = _membership.Held;
        var commits = new List<FencedCommit>(positions.Count);
        var fenced = new List<int>();
        foreach (var position in positions)
        {
            if (held.FenceOf(position.Partition) is var fence and not 0)
            {
                commits.Add(new FencedCommit(position.Partition, fence, position.Offset));
            }
            else
            {
                fenced.Add(position.Partition);
            }
        }

        if (commits.Count > 0)
        {
            var accepted = await _store.Groups.CommitAsync(Topic, Group!, commits, cancellationToken).ConfigureAwait(false);
            fenced.AddRange(commits.Where((_, i) => !accepted[i]).Select(static commit => commit.Partition));
        }

        if (fenced.Count > 0)
        {
            _membership.Nudge();
            throw NotOurs(fenced);
        }
    }

    public async ValueTask SeekAsync(int partition, SeekTarget target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        _end.ThrowIfOver();
        cancellationToken.ThrowIfCancellationRequested();
        var cursor = _cursors.Find(partition) ?? throw NotOurs([partition]);
        var offset = await TargetResolver.ResolveAsync(_store, Topic, partition, target, cancellationToken).ConfigureAwait(false);
        if (!_cursors.TryMove(cursor, offset))
        {
            throw NotOurs([partition]);
        }
    }

    public void Pause(IReadOnlyCollection<int> partitions)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        _cursors.Pause(partitions);
    }

    public void Resume(IReadOnlyCollection<int> partitions)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        _cursors.Resume(partitions);
    }

    public async ValueTask<IReadOnlyList<PartitionProgress>> GetProgressAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        var cursors = _cursors.Cursors;
        var state = Group is null ? null : await _store.Groups.ReadAsync(Topic, Group, cancellationToken).ConfigureAwait(false);
        var committed = state?.Partitions.ToDictionary(static row => row.Partition, static row => row.Committed) ?? [];
        var progress = new List<PartitionProgress>(cursors.Count);
        foreach (var cursor in cursors)
        {
            var done = committed.GetValueOrDefault(cursor.Partition);
            var next = cursor.Next;
            var undone = Group is null ? next : done is { } position ? position + 1 : cursor.Start;
            var described = await _store.DescribeAsync(Topic, cursor.Partition, withCounts: false, cancellationToken).ConfigureAwait(false);
            var lag = await _store.CountAsync(Topic, cursor.Partition, undone, cancellationToken).ConfigureAwait(false);
            progress.Add(new PartitionProgress(cursor.Partition, next, done, described.Bounds, lag));
        }

        return progress;
    }

    public async ValueTask<StopReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(deadline, TimeSpan.Zero);
        Task<StopReceipt> stop;
        lock (_stopGate)
        {
            stop = _stop ??= StopOnceAsync(deadline < LongestStop ? deadline : LongestStop);
        }

        return await stop.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync() => await StopAsync(DisposeDeadline).ConfigureAwait(false);

    // Reads end first; commits go on until everything is revoked.
    private async Task<StopReceipt> StopOnceAsync(TimeSpan deadline)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _end.Close();
        if (_membership is null)
        {
            _closed = true;
            return new StopReceipt(Complete: true, Finished: 0, Left: 0, Committed: []);
        }

        var delivered = _cursors.Cursors;
        var start = _time.GetTimestamp();
        var (complete, committed) = await _membership.StopAsync(deadline).ConfigureAwait(false);
        _closed = true;
        var left = await CountLeftAsync(delivered, deadline - _time.GetElapsedTime(start)).ConfigureAwait(false);
        return new StopReceipt(complete && left is not null, Finished: 0, left ?? 0, committed);
    }

    // Delivered and not committed: what whoever owns the partitions next is given again. Null when the store could not tell in time.
    private async ValueTask<long?> CountLeftAsync(IReadOnlyList<PartitionCursor> cursors, TimeSpan limit)
    {
        using var timer = new CancellationTokenSource(limit > ShortestCount ? limit : ShortestCount, _time);
        try
        {
            return await CountLeftAsync(cursors, timer.Token).OrLeaveAsync(timer.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StreamException or OperationCanceledException)
        {
            return null;
        }
    }

    private async ValueTask<long?> CountLeftAsync(IReadOnlyList<PartitionCursor> cursors, CancellationToken cancellationToken)
    {
        var state = await _store.Groups.ReadAsync(Topic, Group!, cancellationToken).ConfigureAwait(false);
        var committed = state.Partitions.ToDictionary(static row => row.Partition, static row => row.Committed);
        long left = 0;
        foreach (var cursor in cursors)
        {
            var undone = committed.GetValueOrDefault(cursor.Partition) is { } done ? done + 1 : cursor.Start;
            if (undone < cursor.Next)
            {
                var behind = await _store.CountAsync(Topic, cursor.Partition, undone, cancellationToken).ConfigureAwait(false);
                var ahead = await _store.CountAsync(Topic, cursor.Partition, cursor.Next, cancellationToken).ConfigureAwait(false);
                if (behind - ahead is not { } count)
                {
                    return null;
                }

                left += Math.Max(0, count);
            }
        }

        return left;
    }

    private async ValueTask<StreamBatch> ReadAndNoteAsync(GroupMembership membership, TimeSpan wait, CancellationToken cancellationToken)
    {
        var batch = await _reader.ReadAsync(wait, cancellationToken).ConfigureAwait(false);
        if (batch.Records.Count > 0)
        {
            _store.Groups.NoteDelivered(Topic, Group!, membership.MemberId, batch.Records, membership.Held.FenceOf);
        }

        return batch;
    }

    private static IReadOnlyList<int> PartitionsToRead(TopicSpec topic, StreamConsumerOptions options)
    {
        if (options.Partitions is null)
        {
            return [.. Enumerable.Range(0, topic.Partitions)];
        }

        foreach (var partition in options.Partitions)
        {
            if ((uint)partition >= (uint)topic.Partitions)
            {
                throw new StreamException(StreamErrorKind.NotFound,
                    $"Topic '{topic.Name}' has no partition {partition}: it has partitions 0 to {topic.Partitions - 1}.");
            }
        }

        return [.. options.Partitions.Distinct().Order()];
    }

    private static void ThrowIfRepeated(IReadOnlyList<StreamPosition> positions)
    {
        if (positions.Count > 1 && positions.Select(static position => position.Partition).Distinct().Count() != positions.Count)
        {
            throw new ArgumentException("A commit takes at most one position a partition: the last one that is done.", nameof(positions));
        }
    }

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            _end.Throw();
        }
    }

    private StreamException NotOurs(IReadOnlyList<int> partitions) =>
        new(StreamErrorKind.Fenced, Group is null
            ? $"The consumer of topic '{Topic}' does not read partition {string.Join(", ", partitions)}."
            : $"Partition {string.Join(", ", partitions)} of topic '{Topic}' is not (or no longer) owned by this member of group '{Group}'; whoever owns it "
                + "goes on behind the last commit.");
}
