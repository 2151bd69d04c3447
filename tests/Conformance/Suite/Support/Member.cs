namespace DashStream.Conformance;

/// <summary>What a member heard from its group.</summary>
internal enum AssignmentChange
{
    Assigned,
    Revoked,
    Lost,
}

/// <summary>
/// A member of a group that writes down what its listener hears and what it reads. It reads by hand through <see cref="Consumer"/>, or by itself after
/// <see cref="Run"/>.
/// </summary>
internal sealed class Member : IAssignmentListener, IAsyncDisposable
{
    private static readonly TimeSpan ReadWait = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly List<(AssignmentChange Change, IReadOnlyList<int> Partitions)> _heard = [];
    private readonly List<StreamRecord> _received = [];
    private readonly HashSet<int> _revoking = [];
    private Task _loop = Task.CompletedTask;
    private volatile bool _halted;
    private int _calls;

    private Member()
    {
    }

    /// <summary>Called inside the listener's calls, after they are written down.</summary>
    public Func<AssignmentChange, IReadOnlyList<int>, Task> WhenHeard { get; set; } = (_, _) => Task.CompletedTask;

    public IStreamConsumer Consumer { get; private set; } = null!;

    /// <summary>Two listener calls ran at the same time.</summary>
    public bool CallsOverlapped { get; private set; }

    /// <summary>A read that began after a revocation began returned a record of that partition.</summary>
    public bool ReadRevoked { get; private set; }

    public IReadOnlyList<(AssignmentChange Change, IReadOnlyList<int> Partitions)> Heard
    {
        get
        {
            lock (_gate)
            {
                return [.. _heard];
            }
        }
    }

    /// <summary>What <see cref="Run"/> has read.</summary>
    public IReadOnlyList<StreamRecord> Received
    {
        get
        {
            lock (_gate)
            {
                return [.. _received];
            }
        }
    }

    /// <summary>
    /// Joins with a session long enough that no takeover in a case can be owed to its end; a case about silence sets a short one.
    /// </summary>
    public static async Task<Member> JoinAsync(
        IStreamProvider provider, string topic, string group, Action<StreamConsumerOptions>? configure, Action<Member>? prepare)
    {
        var member = new Member();
        prepare?.Invoke(member);
        var options = new StreamConsumerOptions
        {
            Group = group,
            Listener = member,
            MemberName = "conformance",
            SessionTimeout = TimeSpan.FromMinutes(2),
            HeartbeatInterval = TimeSpan.FromMilliseconds(200),
        };
        configure?.Invoke(options);
        member.Consumer = await provider.OpenConsumerAsync(topic, options);
        return member;
    }

    /// <summary>Partitions heard of by that change, in the order heard.</summary>
    public IReadOnlyList<int> PartitionsOf(AssignmentChange change) =>
        [.. Heard.Where(entry => entry.Change == change).SelectMany(entry => entry.Partitions)];

    /// <summary>Returns when the member owns so many partitions and its listener has been told of all of them.</summary>
    public Task OwnsAsync(int partitions) => Waits.UntilAsync(
        () => Consumer.Assignment.Count == partitions && HeardAssigned() == partitions, $"the member owns {partitions} partitions");

    /// <summary>Reads in the background until disposed, committing each batch if asked to.</summary>
    public void Run(bool commit = false) => _loop = LoopAsync(commit);

    /// <summary>Ends the loop of <see cref="Run"/> and surfaces what it threw; the member stays in the group.</summary>
    public async Task HaltAsync()
    {
        _halted = true;
        await _loop;
    }

    public ValueTask OnAssignedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => HearAsync(AssignmentChange.Assigned, partitions);

    public ValueTask OnRevokedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => HearAsync(AssignmentChange.Revoked, partitions);

    public ValueTask OnLostAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => HearAsync(AssignmentChange.Lost, partitions);

    public async ValueTask DisposeAsync()
    {
        await HaltAsync();
        await Consumer.DisposeAsync();
    }

    private int HeardAssigned()
    {
        var owned = new HashSet<int>();
        foreach (var (change, partitions) in Heard)
        {
            if (change == AssignmentChange.Assigned)
            {
                owned.UnionWith(partitions);
            }
            else
            {
                owned.ExceptWith(partitions);
            }
        }

        return owned.Count;
    }

    private async ValueTask HearAsync(AssignmentChange change, IReadOnlyList<int> partitions)
    {
        CallsOverlapped |= Interlocked.Increment(ref _calls) > 1;
        lock (_gate)
        {
            _heard.Add((change, [.. partitions]));
            if (change == AssignmentChange.Assigned)
            {
                _revoking.ExceptWith(partitions);
            }
            else
            {
                _revoking.UnionWith(partitions);
            }
        }

        try
        {
            await WhenHeard(change, partitions);
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
        }
    }

    private async Task LoopAsync(bool commit)
    {
        while (!_halted)
        {
            HashSet<int> gone;
            lock (_gate)
            {
                gone = [.. _revoking];
            }

            var batch = await Consumer.ReadAsync(ReadWait);
            lock (_gate)
            {
                _received.AddRange(batch.Records);
                ReadRevoked |= batch.Records.Any(record => gone.Contains(record.Position!.Value.Partition) && _revoking.Contains(record.Position.Value.Partition));
            }

            if (commit && batch.Records.Count > 0)
            {
                await CommitAsync(batch.Records);
            }
        }
    }

    // A partition may be lost between the read and the commit: that is what fencing is for.
    private async Task CommitAsync(IReadOnlyList<StreamRecord> records)
    {
        try
        {
            await Consumer.CommitAsync(records.LastPositions());
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.Fenced)
        {
            lock (_gate)
            {
                Fenced++;
            }
        }
    }

    /// <summary>Commits of <see cref="Run"/> that were refused as fenced.</summary>
    public int Fenced { get; private set; }
}
