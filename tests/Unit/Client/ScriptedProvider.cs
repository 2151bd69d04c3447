using System.Threading.Channels;

namespace DashStream.Tests.Client;

/// <summary>A provider with one consumer that delivers what the test puts in, commits what it is told, and rebalances on the test's word.</summary>
internal sealed class ScriptedProvider : IStreamProvider, IStreamConsumer
{
    private readonly Channel<StreamRecord> _records = Channel.CreateUnbounded<StreamRecord>();
    private readonly HashSet<int> _paused = [];
    private readonly List<StreamPosition> _commits = [];
    private readonly Lock _gate = new();
    private IAssignmentListener? _listener;
    private List<int> _assignment = [];
    private UInt128 _offset;

    public Exception? ReadError { get; set; }

    /// <summary>Told with the next records.</summary>
    public StreamGap? Gap { get; set; }

    public Exception? CommitError { get; set; }

    public Exception? StopError { get; set; }

    public bool IsDisposed { get; private set; }

    public string Name => "scripted";

    public string Topic => "events";

    public string? Group { get; private set; }

    public IReadOnlyList<int> Assignment => _assignment;

    public ProviderCapabilities Capabilities => new() { Durability = StreamDurability.Process, Persistent = false, MultiProcess = false, MaxRecordBytes = int.MaxValue };

    public IStreamAdmin Admin => throw new NotSupportedException();

    public IReadOnlyList<StreamPosition> Commits
    {
        get
        {
            lock (_gate)
            {
                return [.. _commits];
            }
        }
    }

    public IReadOnlyList<int> Paused
    {
        get
        {
            lock (_gate)
            {
                return [.. _paused];
            }
        }
    }

    public int Taken { get; private set; }

    public UInt128 Put(string key, byte[]? value, int partition = 0, StreamHeaders? headers = null)
    {
        var offset = _offset++;
        _records.Writer.TryWrite(new StreamRecord(System.Text.Encoding.UTF8.GetBytes(key), value, headers, 1, new StreamPosition(partition, offset)));
        return offset;
    }

    /// <summary>What is put in from now on lies at the beginning again.</summary>
    public void Rewind() => _offset = 0;

    public async Task AssignAsync(params int[] partitions)
    {
        _assignment = [.. _assignment.Union(partitions)];
        await _listener!.OnAssignedAsync(partitions, default);
    }

    public async Task RevokeAsync(params int[] partitions)
    {
        await _listener!.OnRevokedAsync(partitions, default);
        _assignment = [.. _assignment.Except(partitions)];
    }

    public async Task LoseAsync(params int[] partitions)
    {
        _assignment = [.. _assignment.Except(partitions)];
        await _listener!.OnLostAsync(partitions, default);
    }

    public ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default)
    {
        Group = options.Group;
        _listener = options.Listener;
        return new(this);
    }

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => new(new StreamHealth(true, true, "fine", []));

    public async ValueTask<StreamBatch> ReadAsync(TimeSpan wait, CancellationToken cancellationToken = default)
    {
        if (ReadError is { } error)
        {
            ReadError = null;
            throw error;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(wait);
        try
        {
            await _records.Reader.WaitToReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return StreamBatch.Empty;
        }

        cancellationToken.ThrowIfCancellationRequested();
        var records = new List<StreamRecord>();
        while (records.Count < 10 && _records.Reader.TryRead(out var record))
        {
            records.Add(record);
        }

        Taken += records.Count;
        IReadOnlyList<StreamGap> gaps = Gap is { } gap ? [gap] : [];
        Gap = null;
        return new StreamBatch(records, gaps);
    }

    public ValueTask CommitAsync(IReadOnlyList<StreamPosition> positions, CancellationToken cancellationToken = default)
    {
        if (CommitError is { } error)
        {
            CommitError = null;
            throw error;
        }

        lock (_gate)
        {
            _commits.AddRange(positions);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask SeekAsync(int partition, SeekTarget target, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public void Pause(IReadOnlyCollection<int> partitions)
    {
        lock (_gate)
        {
            _paused.UnionWith(partitions);
        }
    }

    public void Resume(IReadOnlyCollection<int> partitions)
    {
        lock (_gate)
        {
            _paused.ExceptWith(partitions);
        }
    }

    public ValueTask<IReadOnlyList<PartitionProgress>> GetProgressAsync(CancellationToken cancellationToken = default) => new(Array.Empty<PartitionProgress>());

    public async ValueTask<StopReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        if (StopError is { } error)
        {
            throw error;
        }

        if (_assignment.Count > 0)
        {
            await RevokeAsync([.. _assignment]);
        }

        return new StopReceipt(true, 0, 0, Commits);
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}
