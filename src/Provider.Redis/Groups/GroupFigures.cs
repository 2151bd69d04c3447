using System.Diagnostics.CodeAnalysis;

namespace DashStream.Providers;

/// <summary>
/// Keeps the native consumer groups in step with ours, so that XINFO GROUPS, XINFO CONSUMERS and XPENDING tell the truth. Behind reads and commits and never in their way: what comes
/// between two rounds goes together, and what was delivered and committed in between costs nothing. Safe for concurrent use.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The sources have no timer, so nothing is kept by not disposing them.")]
internal sealed class GroupFigures(RedisConnection connection, RedisKeys keys, bool trackPending, TimeProvider time)
{
    // More than this of one partition is not shown one by one: somebody reads very far ahead.
    private const int MostDelivered = 50_000;

    // How old figures may be. Showing a record costs the server more than reading it, so those that are done by then are left out.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);
    private static readonly RedisScript Show = RedisScript.Load("show");

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _hurry = new();
    private readonly CancellationTokenSource _stop = new();
    private Dictionary<(string Topic, string Group, int Partition), ShownPartition> _due = [];
    private Task _rounds = Task.CompletedTask;
    private bool _isRunning;
    private volatile string? _warning;

    /// <summary>Why the figures are not up to date, or null.</summary>
    public string? Warning => _warning;

    public void NoteDelivered(string topic, string group, string member, IReadOnlyList<StreamRecord> records, Func<int, long> fenceOf)
    {
        if (!trackPending)
        {
            return;
        }

        for (var from = 0; from < records.Count;)
        {
            var partition = records[from].Position!.Value.Partition;
            var to = from;
            while (to < records.Count && records[to].Position!.Value.Partition == partition)
            {
                to++;
            }

            if (fenceOf(partition) is var fence and not 0)
            {
                var offsets = Enumerable.Range(from, to - from).Select(i => records[i].Position!.Value.Offset);
                Note((topic, group, partition), shown => shown.TryDeliver(fence, member, offsets, MostDelivered));
            }

            from = to;
        }
    }

    public void NoteCommitted(string topic, string group, int partition, long fence, UInt128 offset) => Note((topic, group, partition), shown =>
    {
        shown.Commit(fence, offset);
        return true;
    });

    /// <summary>Begins the native groups anew after a reset, or ends them with their group.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="group">The group.</param>
    /// <param name="partitions">Each partition with its last committed offset, or null for none.</param>
    /// <param name="keep">False when the group is gone.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask RestartAsync(
        string topic, string group, IReadOnlyList<(int Partition, UInt128? Committed)> partitions, bool keep, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (partition, committed) in partitions)
            {
                await RestartAsync(topic, group, partition, keep ? committed : null, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (StreamException e)
        {
            Warn(e);
        }
    }

    /// <summary>Shows what is still due, within a bound.</summary>
    public async ValueTask StopAsync()
    {
        Task rounds;
        lock (_gate)
        {
            rounds = _rounds;
        }

        await _hurry.CancelAsync().ConfigureAwait(false);
        await rounds.WaitAsync(StopLimit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stop.CancelAsync().ConfigureAwait(false);
        await rounds.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Note((string Topic, string Group, int Partition) key, Func<ShownPartition, bool> note)
    {
        lock (_gate)
        {
            if (!_due.TryGetValue(key, out var shown))
            {
                _due.Add(key, shown = new ShownPartition());
            }

            if (!note(shown))
            {
                _warning = $"Group '{key.Group}' read more than {MostDelivered} records of topic '{key.Topic}', partition {key.Partition}, ahead; XPENDING shows fewer.";
            }

            if (!_isRunning && !_stop.IsCancellationRequested)
            {
                _isRunning = true;
                _rounds = RunAsync();
            }
        }
    }

    private async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (TryTake(out var due))
        {
            try
            {
                foreach (var (key, shown) in due)
                {
                    await ShowAsync(key.Topic, key.Group, key.Partition, shown).ConfigureAwait(false);
                }

                _warning = null;
                await Task.Delay(Interval, time, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (StreamException e)
            {
                Warn(e);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // Nobody waits for figures at the end.
                return;
            }
        }
    }

    private bool TryTake([NotNullWhen(true)] out Dictionary<(string Topic, string Group, int Partition), ShownPartition>? due)
    {
        lock (_gate)
        {
            _isRunning = _due.Count > 0;
            due = _isRunning ? _due : null;
            if (_isRunning)
            {
                _due = [];
            }

            return _isRunning;
        }
    }

    private async ValueTask ShowAsync(string topic, string group, int partition, ShownPartition shown)
    {
        object[] head =
        [
            "", 2, keys.Partition(topic, partition), keys.Shown(topic, partition),
            group, shown.Fence, shown.Member, shown.Committed is { } committed ? RedisIds.ToText(committed) : "",
        ];
        var reply = await connection.EvaluateAsync(
            Show, [.. head, .. shown.Delivered.Select(static offset => (object)RedisIds.ToText(offset))], _stop.Token).ConfigureAwait(false);
        while ((int)reply == 1)
        {
            reply = await connection.EvaluateAsync(Show, head, _stop.Token).ConfigureAwait(false);
        }
    }

    private async ValueTask RestartAsync(string topic, string group, int partition, UInt128? committed, CancellationToken cancellationToken)
    {
        var stream = keys.Partition(topic, partition);
        if ((int)await connection.ExecuteAsync("EXISTS", cancellationToken, stream).ConfigureAwait(false) == 0)
        {
            return;
        }

        await connection.ExecuteAsync("XGROUP", cancellationToken, "DESTROY", stream, group).ConfigureAwait(false);
        await connection.ExecuteAsync(
            "HDEL", cancellationToken, keys.Shown(topic, partition), $"fence:{group}", $"member:{group}", $"delivered:{group}").ConfigureAwait(false);
        if (committed is { } id)
        {
            await connection.ExecuteAsync(
                "XGROUP", cancellationToken, "CREATE", stream, group, RedisIds.ToText(id), "ENTRIESREAD", (long)RedisIds.Lower(id)).ConfigureAwait(false);
        }
    }

    private void Warn(StreamException error) => _warning = $"The figures of native consumer groups (XINFO, XPENDING) are not up to date: {error.Message}";
}
