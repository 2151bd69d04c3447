using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>
/// One topic: its partitions, its retention, and a stamp that wakes readers. Safe for concurrent use. Appends come one at a time and hold the gate only
/// while they publish, so readers do not wait for copying.
/// </summary>
internal sealed class MemoryTopic
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _appendGate = new();
    private readonly Lock _gate = new();
    private readonly MemoryProviderOptions _options;
    private readonly MemoryBudget _budget;
    private readonly MemoryRetention _retention;
    private readonly TimeProvider _time;
    private readonly MemoryPartition[] _partitions;
    private readonly long[] _perPartition;
    private readonly List<StoredEntry> _copies = [];
    private TaskCompletionSource? _wakeUp;
    private long _stamp;
    private bool _deleted;

    /// <summary>An empty topic.</summary>
    /// <param name="spec">How it is made.</param>
    /// <param name="firstStamp">Where its stamps begin: not where those of an earlier topic of the name ended.</param>
    /// <param name="options">The capacity.</param>
    /// <param name="budget">The bytes of all topics together.</param>
    /// <param name="time">The clock that ages records.</param>
    public MemoryTopic(TopicSpec spec, long firstStamp, MemoryProviderOptions options, MemoryBudget budget, TimeProvider time)
    {
        Spec = spec;
        _stamp = firstStamp;
        _options = options;
        _budget = budget;
        _time = time;
        _retention = new MemoryRetention(spec, options.MaxRecordsPerPartition, budget, time);
        _perPartition = new long[spec.Partitions];
        _partitions = new MemoryPartition[spec.Partitions];
        for (var i = 0; i < _partitions.Length; i++)
        {
            _partitions[i] = new MemoryPartition(i);
        }
    }

    public TopicSpec Spec { get; }

    public long Stamp
    {
        get
        {
            lock (_gate)
            {
                return _stamp;
            }
        }
    }

    /// <summary>Stores everything or, when there is no room, nothing.</summary>
    public void Append(AppendBatch batch)
    {
        lock (_appendGate)
        {
            MakeRoom(batch);
            Copy(batch);
            lock (_gate)
            {
                for (var i = 0; i < _copies.Count; i++)
                {
                    Publish(_partitions[batch.PartitionAt(i)], _copies[i]);
                }

                _stamp++;
                WakeUp();
            }

            _copies.Clear();
        }
    }

    public IReadOnlyList<StreamRecord> Read(int partition, UInt128 from, int maxRecords, int maxBytes)
    {
        EntryRun run;
        lock (_gate)
        {
            var log = _partitions[partition];
            if (from >= (UInt128)log.End)
            {
                return [];
            }

            run = log.Read((long)from, maxRecords, maxBytes);
        }

        return run.ToRecords();
    }

    public PartitionDescription Describe(int partition)
    {
        lock (_gate)
        {
            var log = _partitions[partition];
            return new PartitionDescription(partition, new PartitionBounds((UInt128)log.Begin, (UInt128)log.End), log.Count, log.Bytes);
        }
    }

    public long? Find(int partition, long timestampUs)
    {
        lock (_gate)
        {
            return _partitions[partition].Find(timestampUs);
        }
    }

    public void Trim(int partition, UInt128 before)
    {
        lock (_gate)
        {
            var log = _partitions[partition];
            _retention.Remove(log, before < (UInt128)log.End ? (long)before : log.End);
        }
    }

    public long ApplyRetention()
    {
        lock (_gate)
        {
            return _partitions.Sum(_retention.Apply);
        }
    }

    public async ValueTask WaitForAppendAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task wakeUp;
        lock (_gate)
        {
            if (_stamp != seen || _deleted)
            {
                return;
            }

            _wakeUp ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            wakeUp = _wakeUp.Task;
        }

        var wait = atMost < LongestWait ? atMost : LongestWait;
        await wakeUp.WaitAsync(wait, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Forgets everything, and wakes whoever waits.</summary>
    public void Delete()
    {
        lock (_appendGate)
        {
            lock (_gate)
            {
                _deleted = true;
                foreach (var log in _partitions)
                {
                    _retention.Remove(log, log.End);
                }

                WakeUp();
            }
        }
    }

    private void MakeRoom(AppendBatch batch)
    {
        var cost = MemoryBudget.CostOf(batch.SizeBytes, batch.Count);
        lock (_gate)
        {
            if (_deleted)
            {
                throw MemoryLogStore.NoTopic(Spec.Name);
            }

            RefuseIfPartitionIsFull(batch);
            var missing = _budget.Reserve(cost);
            if (missing > 0 && ApplyRetention() > 0)
            {
                missing = _budget.Reserve(cost);
            }

            while (missing > 0 && _options.WhenFull == MemoryFullPolicy.DropOldest && _retention.DropOldest(_partitions, missing))
            {
                missing = _budget.Reserve(cost);
            }

            if (missing > 0)
            {
                throw new StreamException(StreamErrorKind.Full,
                    $"The memory store holds {_budget.Used} of at most {_budget.Limit} bytes (MaxBytes), so {batch.Count} records of topic '{Spec.Name}' do not fit. Trim or delete topics, or raise the limit.");
            }
        }
    }

    private void RefuseIfPartitionIsFull(AppendBatch batch)
    {
        if (_options.WhenFull != MemoryFullPolicy.Refuse)
        {
            return;
        }

        Array.Clear(_perPartition);
        for (var i = 0; i < batch.Count; i++)
        {
            var partition = batch.PartitionAt(i);
            var log = _partitions[partition];
            if (log.Count + ++_perPartition[partition] <= _options.MaxRecordsPerPartition)
            {
                continue;
            }

            _retention.Apply(log);
            if (log.Count + _perPartition[partition] > _options.MaxRecordsPerPartition)
            {
                throw new StreamException(StreamErrorKind.Full,
                    $"Partition {partition} of topic '{Spec.Name}' has no room for another record: it holds {log.Count}, the limit is {_options.MaxRecordsPerPartition} (MaxRecordsPerPartition). Trim the topic or raise the limit.");
            }
        }
    }

    private void Copy(AppendBatch batch)
    {
        _copies.Clear();
        for (var i = 0; i < _perPartition.Length; i++)
        {
            _perPartition[i] = _partitions[i].End; // nobody else appends meanwhile
        }

        for (var i = 0; i < batch.Count; i++)
        {
            var partition = batch.PartitionAt(i);
            var offset = (UInt128)_perPartition[partition]++;
            var record = batch.RecordAt(i);
            _copies.Add(record.Headers.Count == 0 && record.SizeBytes <= ByteRoom.LargestPiece
                ? StoredEntry.Copy(record, batch.TimestampAt(i), _partitions[partition].Room)
                : StoredEntry.Keep(batch.StoredAt(i, offset)));
            batch.SetOffset(i, offset);
        }
    }

    private void Publish(MemoryPartition log, in StoredEntry entry)
    {
        if (log.IsAtBlockEdge)
        {
            _retention.Apply(log);
        }

        log.Append(entry);
        _retention.Limit(log);
    }

    private void WakeUp()
    {
        _wakeUp?.TrySetResult();
        _wakeUp = null;
    }
}
