namespace DashStream.Providers;

/// <summary>
/// Reads one topic as a member of a Kafka group or alone. A thread of its own keeps the membership and fetches ahead, whether or not anybody reads. Safe for
/// concurrent use, but for one read at a time.
/// </summary>
internal sealed class KafkaConsumer : IStreamConsumer
{
    private static readonly TimeSpan DisposeDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestStop = TimeSpan.FromDays(1);

    private readonly KafkaCluster _cluster;
    private readonly ConsumerPlan _plan;
    private readonly LogOffsets _offsets;
    private readonly ConsumerState _state;
    private readonly FetchBuffer _buffer;
    private readonly GroupCommits? _commits;
    private readonly MemberAssignments? _assignments;
    private readonly KafkaPoller _poller;
    private readonly Lock _stopGate = new();
    private Task<StopReceipt>? _stop;
    private int _reading;

    private KafkaConsumer(KafkaCluster cluster, ConsumerPlan plan, LogOffsets offsets, StartFinder starts)
    {
        _cluster = cluster;
        _plan = plan;
        _offsets = offsets;
        _state = new ConsumerState(plan.Topic);
        _buffer = new FetchBuffer(plan.Topic);
        if (plan.Group is { } group)
        {
            _commits = new GroupCommits(cluster, plan.Topic, group, _buffer);
            _assignments = new MemberAssignments(cluster, plan, _buffer, _state, starts);
        }

        _poller = new KafkaPoller(cluster, plan, _buffer, _state, _assignments, _commits, offsets);
    }

    /// <summary>Told when the consumer was stopped.</summary>
    public Action<KafkaConsumer>? Stopped { get; set; }

    /// <inheritdoc/>
    public string Topic => _plan.Topic;

    /// <inheritdoc/>
    public string? Group => _plan.Group;

    /// <inheritdoc/>
    public IReadOnlyList<int> Assignment => _buffer.Select(static partition => partition.Number);

    /// <summary>Opens a consumer. A group is joined in the background; partitions are assigned later.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="offsets">What its logs hold.</param>
    /// <param name="topic">A topic that is there.</param>
    /// <param name="partitions">How many partitions it has.</param>
    /// <param name="options">How to read; checked, and the consumer's own.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    public static async Task<KafkaConsumer> OpenAsync(
        KafkaCluster cluster, LogOffsets offsets, string topic, int partitions, StreamConsumerOptions options, CancellationToken cancellationToken)
    {
        var groupId = options.Group is { } group ? new GroupNames(cluster.Options.GroupNaming).IdOf(topic, group) : GroupNames.Alone(topic);
        var plan = new ConsumerPlan(topic, groupId, options);
        var starts = new StartFinder(cluster, offsets, topic, groupId, options);
        var wanted = PartitionsToRead(topic, partitions, options);
        await starts.PinEndsAsync(wanted, cancellationToken).ConfigureAwait(false);
        var points = plan.IsAlone ? await starts.FindAloneAsync(wanted, cancellationToken).ConfigureAwait(false) : [];
        var consumer = new KafkaConsumer(cluster, plan, offsets, starts);
        consumer._buffer.Add(points);
        if (plan.IsAlone && options.Listener is { } listener)
        {
            await listener.OnAssignedAsync(wanted, cancellationToken).ConfigureAwait(false);
        }

        consumer._poller.Start();
        return consumer;
    }

    /// <inheritdoc/>
    public async ValueTask<StreamBatch> ReadAsync(TimeSpan wait, CancellationToken cancellationToken = default)
    {
        if (wait < TimeSpan.Zero && wait != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(wait), wait, "A read waits for zero or more, or without limit (Timeout.InfiniteTimeSpan).");
        }

        if (Interlocked.Exchange(ref _reading, 1) == 1)
        {
            throw new InvalidOperationException($"Another read of this consumer of topic '{Topic}' is under way. Await it first.");
        }

        try
        {
            return await ReadCoreAsync(wait, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    /// <inheritdoc/>
    public async ValueTask CommitAsync(IReadOnlyList<StreamPosition> positions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(positions);
        if (_commits is null)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"The consumer of topic '{Topic}' has no group, so there is nothing to commit to. Open it with a group, or keep positions yourself.");
        }

        _state.ThrowIfClosed();
        if (positions.Count > 1 && positions.Select(static position => position.Partition).Distinct().Count() != positions.Count)
        {
            throw new ArgumentException("A commit takes at most one position a partition: the last one that is done.", nameof(positions));
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (positions.Count > 0)
        {
            await _commits.CommitAsync(positions, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SeekAsync(int partition, SeekTarget target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        _state.ThrowIfOver();
        cancellationToken.ThrowIfCancellationRequested();
        if (!_buffer.TryLook(partition, static _ => { }))
        {
            throw NotOurs(partition);
        }

        var offset = await _offsets.ResolveAsync(Topic, partition, target, cancellationToken).ConfigureAwait(false);
        if (!_buffer.TryMove(partition, offset))
        {
            throw NotOurs(partition);
        }
    }

    /// <inheritdoc/>
    public void Pause(IReadOnlyCollection<int> partitions)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        _buffer.SetPaused(partitions, paused: true);
    }

    /// <inheritdoc/>
    public void Resume(IReadOnlyCollection<int> partitions)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        _buffer.SetPaused(partitions, paused: false);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<PartitionProgress>> GetProgressAsync(CancellationToken cancellationToken = default)
    {
        _state.ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        var partitions = _buffer.Select(static partition => (partition.Number, partition.Next, partition.Start, partition.CommittedNext));
        var bounds = await _offsets.BoundsAsync(Topic, partitions.ConvertAll(static partition => partition.Number), cancellationToken).ConfigureAwait(false);
        return partitions.ConvertAll(partition =>
        {
            var held = bounds[partition.Number];
            var undone = Group is null ? partition.Next : partition.CommittedNext >= 0 ? partition.CommittedNext : partition.Start;
            return new PartitionProgress(
                partition.Number,
                (UInt128)partition.Next,
                partition.CommittedNext > 0 ? (UInt128)(partition.CommittedNext - 1) : null,
                held.Contract,
                Math.Max(0, held.End - Math.Max(undone, held.Begin)));
        });
    }

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(DisposeDeadline).ConfigureAwait(false);

    private async Task<StopReceipt> StopOnceAsync(TimeSpan deadline)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _state.Stop();
        _assignments?.Stop();
        _buffer.Wake();
        await _poller.Done.WaitAsync(deadline, _cluster.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var isDone = _poller.Done.IsCompleted;
        var standing = _assignments is null ? new Standing(true, [], 0) : (isDone ? _assignments.AtStop : null) ?? _assignments.TakeStanding(isWhole: false);
        _state.Close();
        _buffer.Remove(_buffer.Select(static partition => partition.Number));
        Stopped?.Invoke(this);
        if (isDone)
        {
            _assignments?.Dispose();
            _buffer.Dispose();
        }

        return new StopReceipt(isDone && standing.IsWhole, Finished: 0, standing.Left, standing.Committed);
    }

    private async ValueTask<StreamBatch> ReadCoreAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var started = 0L;
        while (true)
        {
            _state.ThrowIfOver();
            var batch = Take();
            if (batch.Records.Count > 0 || batch.Gaps.Count > 0)
            {
                return batch;
            }

            // Taken before the second look: what comes behind our back ends the wait.
            var arrived = _buffer.Arrived;
            batch = Take();
            if (batch.Records.Count > 0 || batch.Gaps.Count > 0 || wait == TimeSpan.Zero)
            {
                return batch;
            }

            started = started == 0 ? _cluster.Time.GetTimestamp() : started;
            var left = wait == Timeout.InfiniteTimeSpan ? wait : wait - _cluster.Time.GetElapsedTime(started);
            if (wait != Timeout.InfiniteTimeSpan && left <= TimeSpan.Zero)
            {
                return StreamBatch.Empty;
            }

            _state.ThrowIfOver();
            await arrived.WaitAsync(left, _cluster.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private StreamBatch Take() => _buffer.Take(_plan.Options.MaxBatchRecords, _plan.Options.MaxBatchBytes);

    private static IReadOnlyList<int> PartitionsToRead(string topic, int partitions, StreamConsumerOptions options)
    {
        if (options.Partitions is null)
        {
            return [.. Enumerable.Range(0, partitions)];
        }

        foreach (var partition in options.Partitions)
        {
            if ((uint)partition >= (uint)partitions)
            {
                throw new StreamException(StreamErrorKind.NotFound, $"Topic '{topic}' has no partition {partition}: it has partitions 0 to {partitions - 1}.");
            }
        }

        return [.. options.Partitions.Distinct().Order()];
    }

    private StreamException NotOurs(int partition) => _commits?.NotOurs([partition])
        ?? new StreamException(StreamErrorKind.Fenced, $"The consumer of topic '{Topic}' does not read partition {partition}.");
}
