namespace DashStream.Conformance;

/// <summary>Reads and commits with the faults that the plan has. A torn connection is the loss of all partitions, with work in hand, and a new member.</summary>
internal sealed class FaultInjectingConsumer(
    IStreamProvider provider, string topic, StreamConsumerOptions options, string id, FaultPlan plan, TimeProvider time, FaultJournal? journal) : IStreamConsumer
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private Task _connecting = Task.CompletedTask;
    private IStreamConsumer? _inner;
    private MutedListener? _listener;
    private long _reads;
    private long _commits;
    private bool _stopped;

    public string Topic => topic;

    public string? Group => options.Group;

    public IReadOnlyList<int> Assignment => _inner?.Assignment ?? [];

    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        var listener = new MutedListener(options.Listener);
        _inner = await provider.OpenConsumerAsync(topic, WithListener(listener), cancellationToken);
        _listener = listener;
    }

    public async ValueTask<StreamBatch> ReadAsync(TimeSpan wait, CancellationToken cancellationToken = default)
    {
        var read = _reads++;
        await ConnectAsync(options.Group is not null && plan.Happens(FaultPoint.TornConnection, plan.Rates.TornConnections, id, read), cancellationToken);
        var delay = plan.DelayAt(FaultPoint.DelayedRead, plan.Rates.DelayedReads, id, read);
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, time, cancellationToken);
        }

        if (plan.Happens(FaultPoint.FailedRead, plan.Rates.FailedReads, id, read))
        {
            throw FaultInjectingProvider.Fault("a read", StreamErrorKind.Transient);
        }

        return await Connected().ReadAsync(wait, cancellationToken);
    }

    public async ValueTask CommitAsync(IReadOnlyList<StreamPosition> positions, CancellationToken cancellationToken = default)
    {
        var commit = Interlocked.Increment(ref _commits);

        // The member that was asked: after a reconnection in between, the commit is that of a member that is gone.
        var member = Connected();
        var delay = plan.DelayAt(FaultPoint.DelayedCommit, plan.Rates.DelayedCommits, id, commit);
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, time, cancellationToken);
        }

        if (plan.Happens(FaultPoint.LostCommit, plan.Rates.LostCommits, id, commit))
        {
            throw FaultInjectingProvider.Fault("a commit", StreamErrorKind.Transient);
        }

        journal?.Committing(positions, id);
        try
        {
            await member.CommitAsync(positions, cancellationToken);
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.Closed && member != _inner)
        {
            throw new StreamException(StreamErrorKind.Fenced, "The connection was torn: the partitions are no longer those of this member.", e);
        }

        journal?.Committed(positions, id);
        if (plan.Happens(FaultPoint.LostCommitReply, plan.Rates.LostCommitReplies, id, commit))
        {
            throw FaultInjectingProvider.Fault("the reply to a commit", StreamErrorKind.Timeout);
        }
    }

    public ValueTask SeekAsync(int partition, SeekTarget target, CancellationToken cancellationToken = default) =>
        Connected().SeekAsync(partition, target, cancellationToken);

    public void Pause(IReadOnlyCollection<int> partitions) => _inner?.Pause(partitions);

    public void Resume(IReadOnlyCollection<int> partitions) => _inner?.Resume(partitions);

    public ValueTask<IReadOnlyList<PartitionProgress>> GetProgressAsync(CancellationToken cancellationToken = default) =>
        Connected().GetProgressAsync(cancellationToken);

    public async ValueTask<StopReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            _stopped = true;
            return _inner is { } inner ? await inner.StopAsync(deadline, cancellationToken) : new StopReceipt(true, 0, 0, []);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _stopped = true;
        if (_inner is { } inner)
        {
            await inner.DisposeAsync();
        }
    }

    // The loss is told beside the read that meets it, since whoever hears of it may interrupt the read first.
    private Task ConnectAsync(bool tear, CancellationToken cancellationToken)
    {
        if (_connecting.IsCompleted && (tear || _inner is null))
        {
            _connecting = ReconnectAsync();
        }

        return _connecting.IsCompletedSuccessfully ? Task.CompletedTask : _connecting.WaitAsync(cancellationToken);
    }

    private async Task ReconnectAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (!_stopped)
            {
                await LoseAsync();
                await OpenAsync(CancellationToken.None);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    // Whoever listens hears of the loss only, and before anybody else can own the partitions.
    private async Task LoseAsync()
    {
        if (_inner is not { } torn)
        {
            return;
        }

        var lost = await _listener!.MuteAsync();
        _inner = null;
        if (lost.Count > 0)
        {
            await options.Listener!.OnLostAsync(lost, CancellationToken.None);
        }

        await torn.DisposeAsync();
    }

    private IStreamConsumer Connected() => _inner ?? throw FaultInjectingProvider.Fault("the connection", StreamErrorKind.Transient);

    private StreamConsumerOptions WithListener(IAssignmentListener listener) => new()
    {
        Group = options.Group,
        Partitions = options.Partitions,
        Start = options.Start,
        Listener = listener,
        MemberName = options.MemberName,
        SessionTimeout = options.SessionTimeout,
        HeartbeatInterval = options.HeartbeatInterval,
        MaxBatchRecords = options.MaxBatchRecords,
        MaxBatchBytes = options.MaxBatchBytes,
    };
}
