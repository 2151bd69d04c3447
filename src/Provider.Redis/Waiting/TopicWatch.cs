using System.Globalization;
using DashStream.Stores;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>
/// Blocks on the wake stream of one topic for as long as somebody waits, and wakes those whom the new entries concern. The connection is given up after a minute without anybody.
/// Safe for concurrent use.
/// </summary>
internal sealed class TopicWatch(RedisConnectionOptions options, RedisKey wake, TimeProvider time) : ILogTail, IAsyncDisposable
{
    private const int EntriesAtOnce = 64;

    private static readonly TimeSpan Block = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan IdleLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly RecentRecords _recent = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, TaskCompletionSource> _groups = new(StringComparer.Ordinal);
    private TaskCompletionSource _append = NewSignal();
    private Task? _loop;
    private long _seen;
    private long _appended;
    private long _lastAsked;
    private int _waiting;

    public bool IsRunning
    {
        get
        {
            lock (_gate)
            {
                return _loop is not null;
            }
        }
    }

    public long Stamp
    {
        get
        {
            lock (_gate)
            {
                return _seen;
            }
        }
    }

    public IReadOnlyList<StreamRecord>? TryRead(int partition, UInt128 from, int maxRecords, int maxBytes)
    {
        lock (_gate)
        {
            return _recent.TryRead(partition, from, maxRecords, maxBytes);
        }
    }

    /// <summary>A read that began at that stamp found that the partition ends there.</summary>
    public void KnowEnd(int partition, UInt128 end, long stamp)
    {
        lock (_gate)
        {
            if (_seen == stamp)
            {
                _recent.KnowEnd(partition, end);
            }
        }
    }

    /// <summary>Begins to watch from that stamp on, unless somebody did.</summary>
    public void Start(long stamp)
    {
        lock (_gate)
        {
            if (_loop is not null || _stop.IsCancellationRequested)
            {
                return;
            }

            _seen = stamp;
            _appended = stamp;
            _recent.Clear();
            _lastAsked = time.GetTimestamp();
            _loop = RunAsync();
        }
    }

    /// <summary>The server fell back to that stamp: another one took its place that had less.</summary>
    public void GoBack(long stamp)
    {
        lock (_gate)
        {
            (_seen, _appended) = (stamp, stamp);
            _recent.Clear();
        }
    }

    public async ValueTask WaitForAppendAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken)
    {
        Start(seen);
        Task signal;
        lock (_gate)
        {
            if (_appended != seen && _appended > seen)
            {
                return;
            }

            signal = _append.Task;
        }

        await WaitAsync(signal, atMost, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask WaitForGroupAsync(string group, Func<ValueTask<bool>> hasChanged, TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task signal;
        lock (_gate)
        {
            if (!_groups.TryGetValue(group, out var waiter))
            {
                _groups.Add(group, waiter = NewSignal());
            }

            signal = waiter.Task;
        }

        if (!await hasChanged().ConfigureAwait(false))
        {
            await WaitAsync(signal, atMost, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task? loop;
        lock (_gate)
        {
            _ = _stop.CancelAsync();
            loop = _loop;
        }

        if (loop is not null)
        {
            await loop.ConfigureAwait(false);
        }
    }

    private async ValueTask WaitAsync(Task signal, TimeSpan atMost, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _waiting++;
        }

        try
        {
            await signal.WaitAsync(atMost, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
        finally
        {
            lock (_gate)
            {
                _waiting--;
                _lastAsked = time.GetTimestamp();
            }
        }
    }

    private async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var connection = new RedisConnection(options, "wait", time, Block, isAlone: true);
        var retry = FirstRetry;
        while (!TryEnd())
        {
            try
            {
                await LookAsync(connection).ConfigureAwait(false);
                retry = FirstRetry;
            }
            catch (StreamException)
            {
                // Those who wait look for themselves, and hear of the trouble there.
                Signal(appended: true, [], all: true);
                await Task.Delay(retry, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                break;
            }
        }

        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await connection.DisposeAsync().ConfigureAwait(false);
        Signal(appended: true, [], all: true);
    }

    private async ValueTask LookAsync(RedisConnection connection)
    {
        var from = string.Create(CultureInfo.InvariantCulture, $"0-{_seen}");
        var reply = await connection.ExecuteAsync(
            "XREAD", _stop.Token, "COUNT", EntriesAtOnce, "BLOCK", (int)Block.TotalMilliseconds, "STREAMS", wake, from).ConfigureAwait(false);
        if (reply.Items() is not [var stream] || stream.Items() is not [_, var content])
        {
            return;
        }

        List<WakeEntry> entries = [.. content.Items().Select(WakeEntry.Read).OfType<WakeEntry>()];
        if (entries.Count > 0)
        {
            Take(entries);
        }
    }

    private void Take(List<WakeEntry> entries)
    {
        bool hasHole;
        lock (_gate)
        {
            // The stream keeps the last few entries only.
            hasHole = entries[0].Stamp != _seen + 1;
            _seen = entries[^1].Stamp;
            _appended = hasHole ? _seen : Math.Max(_appended, entries.FindLast(static entry => entry.Group is null).Stamp);
            if (hasHole)
            {
                _recent.Clear();
            }

            foreach (var entry in entries.Where(static entry => entry.Group is null))
            {
                Keep(entry.Record);
            }
        }

        Signal(hasHole || entries.Exists(static entry => entry.Group is null), entries.Select(static entry => entry.Group).OfType<string>(), all: hasHole);
    }

    private void Keep(StreamRecord? record)
    {
        if (record is null)
        {
            _recent.Clear();
        }
        else
        {
            _recent.Add(record);
        }
    }

    private void Signal(bool appended, IEnumerable<string> groups, bool all)
    {
        List<TaskCompletionSource> due = [];
        lock (_gate)
        {
            if (appended)
            {
                due.Add(_append);
                _append = NewSignal();
            }

            if (all)
            {
                _recent.Clear();
            }

            foreach (var group in all ? _groups.Keys.ToArray() : groups)
            {
                if (_groups.Remove(group, out var waiter))
                {
                    due.Add(waiter);
                }
            }
        }

        due.ForEach(static signal => signal.TrySetResult());
    }

    private bool TryEnd()
    {
        lock (_gate)
        {
            var isIdle = _waiting == 0 && time.GetElapsedTime(_lastAsked) > IdleLimit;
            if (isIdle || _stop.IsCancellationRequested)
            {
                _loop = null;
                return true;
            }

            return false;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
