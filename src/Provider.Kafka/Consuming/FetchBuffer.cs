using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// What the poll thread has fetched and nobody has read yet, partition by partition. Everything that decides what a read may return (revoke, pause, seek) and
/// the read's own step meet under one lock here, so that none is half seen. Safe for concurrent use.
/// </summary>
internal sealed class FetchBuffer(string topic) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly FetchedPartitions _partitions = [];
    private readonly ReaderTurn _turn = new();
    private readonly AutoResetEvent _drained = new(initialState: false);
    private TaskCompletionSource? _arrived;
    private long _bytes;
    private bool _hasMoves;

    /// <summary>Bytes fetched and not read.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>How many partitions are ours.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _partitions.Count;
            }
        }
    }

    /// <summary>Whether the user paused any.</summary>
    public bool IsAnyPausedByUser
    {
        get
        {
            lock (_gate)
            {
                return _partitions.Any(static partition => partition.IsPausedByUser);
            }
        }
    }

    /// <summary>Completes when a read may find something it did not find before.</summary>
    public Task Arrived
    {
        get
        {
            lock (_gate)
            {
                return (_arrived ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>Looks at every partition that is ours, ascending.</summary>
    public List<T> Select<T>(Func<FetchedPartition, T> look)
    {
        lock (_gate)
        {
            return _partitions.ConvertAll(look);
        }
    }

    /// <summary>Looks at a partition, or changes what no read depends on; false when it is not ours.</summary>
    public bool TryLook(int partition, Action<FetchedPartition> look)
    {
        lock (_gate)
        {
            var found = _partitions.Find(partition);
            if (found is not null)
            {
                look(found);
            }

            return found is not null;
        }
    }

    /// <summary>Stops or starts what reads return of these, as far as they are ours.</summary>
    public void SetPaused(IEnumerable<int> partitions, bool paused)
    {
        lock (_gate)
        {
            foreach (var number in partitions)
            {
                if (_partitions.Find(number) is { } partition)
                {
                    partition.IsPausedByUser = paused;
                }
            }

            Wake();
        }
    }

    /// <summary>There is nowhere to go on in a partition until somebody seeks.</summary>
    public void SetFault(int partition, StreamException fault)
    {
        lock (_gate)
        {
            if (_partitions.Find(partition) is { Move: null } found)
            {
                found.Fault = fault;
                found.FaultTold = false;
                Wake();
            }
        }
    }

    /// <summary>Takes partitions in; nothing is read from them until <see cref="Activate"/>.</summary>
    public void Add(IEnumerable<StartPoint> starts)
    {
        lock (_gate)
        {
            foreach (var start in starts)
            {
                var partition = new FetchedPartition(new TopicPartition(topic, start.Partition), start);
                if (start.GapFrom >= 0)
                {
                    partition.Gaps.Enqueue(new StreamGap(start.Partition, (UInt128)start.GapFrom, (UInt128)start.Offset));
                    partition.Next = start.GapFrom;
                }

                RemoveOne(start.Partition);
                _partitions.Add(partition);
            }
        }
    }

    /// <summary>From now on reads return what is fetched of these. Returns where fetching begins.</summary>
    public void Activate(IReadOnlyCollection<int> partitions)
    {
        lock (_gate)
        {
            foreach (var partition in _partitions.FindAll(partitions))
            {
                partition.IsActive = true;
                partition.Move = null;
            }

            Wake();
        }
    }

    /// <summary>From now on no read returns anything of these; they can still be committed. Returns those that are ours.</summary>
    public IReadOnlyList<int> Deactivate(IReadOnlyCollection<int> partitions)
    {
        lock (_gate)
        {
            var known = _partitions.FindAll(partitions);
            foreach (var partition in known)
            {
                partition.IsActive = false;
                Drop(partition);
            }

            return known.ConvertAll(static partition => partition.Number);
        }
    }

    /// <summary>Forgets partitions; returns those that were there.</summary>
    public IReadOnlyList<int> Remove(IReadOnlyCollection<int> partitions)
    {
        lock (_gate)
        {
            return [.. partitions.Order().Where(RemoveOne)];
        }
    }

    /// <summary>Takes fetched records in; what belongs to no active partition, or to one that was moved meanwhile, is dropped.</summary>
    public void Push(List<FetchedRecord> records)
    {
        lock (_gate)
        {
            FetchedPartition? partition = null;
            foreach (var record in records)
            {
                var number = record.Position.Partition;
                partition = partition?.Number == number ? partition : _partitions.Find(number);
                if (partition is null or { IsActive: false } or { Move: not null } or { Fault: not null })
                {
                    continue;
                }

                partition.Records.Enqueue(record);
                partition.Fetched = record.Offset + 1;
                partition.Bytes += record.Size;
                _bytes += record.Size;
            }

            Wake();
        }
    }

    /// <summary>Everything up to there was fetched: what lies between the last record and it are no records.</summary>
    public void NoteEnd(int partition, long offset)
    {
        lock (_gate)
        {
            if (_partitions.Find(partition) is { IsActive: true, Move: null, Fault: null } found && offset > found.Fetched)
            {
                found.Fetched = offset;
                found.Next = found.Records.Count == 0 && found.Gaps.Count == 0 ? offset : found.Next;
            }
        }
    }

    /// <summary>Moves reading; false when the partition is not ours.</summary>
    public bool TryMove(int partition, long offset)
    {
        lock (_gate)
        {
            if (_partitions.Find(partition) is not { } found)
            {
                return false;
            }

            Drop(found);
            found.MoveTo(offset);
            _hasMoves = true;
            Wake();
            return true;
        }
    }

    /// <summary>The log no longer holds what was to be fetched next: notes the gap, behind what was fetched before, and goes on at its end.</summary>
    public void AddGap(int partition, long to)
    {
        lock (_gate)
        {
            if (_partitions.Find(partition) is { IsActive: true, Move: null } found && found.Fetched < to)
            {
                found.Gaps.Enqueue(new StreamGap(partition, (UInt128)found.Fetched, (UInt128)to));
                found.Fetched = to;
                found.Move = to;
                _hasMoves = true;
                Wake();
            }
        }
    }

    /// <summary>Has librdkafka go on at the same place once more.</summary>
    public void Retry(int partition)
    {
        lock (_gate)
        {
            if (_partitions.Find(partition) is { IsActive: true, Move: null } found)
            {
                found.Move = found.Fetched;
                _hasMoves = true;
            }
        }
    }

    /// <summary>The moves that librdkafka has not been told of; who takes them tells it before it polls again.</summary>
    public List<TopicPartitionOffset> TakeMoves()
    {
        lock (_gate)
        {
            if (!_hasMoves)
            {
                return [];
            }

            _hasMoves = false;
            var moves = new List<TopicPartitionOffset>();
            foreach (var partition in _partitions.Where(static partition => partition is { IsActive: true, Move: not null }))
            {
                moves.Add(new TopicPartitionOffset(partition.Position, partition.Move!.Value));
                partition.Move = null;
            }

            return moves;
        }
    }

    /// <summary>Has the next read throw an error, once.</summary>
    public void Tell(StreamException error)
    {
        lock (_gate)
        {
            _turn.Tell(error);
            Wake();
        }
    }

    /// <summary>Takes what a read may return, from the partitions in turn; empty when there is nothing.</summary>
    /// <exception cref="StreamException">A partition has nowhere to go on, or something was told.</exception>
    public StreamBatch Take(int mostRecords, int mostBytes)
    {
        lock (_gate)
        {
            var batch = _turn.Take(_partitions, mostRecords, mostBytes);
            _bytes -= _turn.TakenBytes;
            if (batch.Records.Count > 0 || batch.Gaps.Count > 0)
            {
                _drained.Set();
            }

            return batch;
        }
    }

    /// <summary>Wakes a read that waits.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _arrived?.TrySetResult();
            _arrived = null;
        }
    }

    /// <summary>For the poll thread: waits until something was read, or the time is over.</summary>
    public void WaitForReader(TimeSpan limit) => _drained.WaitOne(limit);

    public void Dispose() => _drained.Dispose();

    private bool RemoveOne(int number)
    {
        if (_partitions.Find(number) is not { } partition)
        {
            return false;
        }

        Drop(partition);
        _partitions.Remove(partition);
        return true;
    }

    private void Drop(FetchedPartition partition)
    {
        _bytes -= partition.Bytes;
        partition.Bytes = 0;
        partition.Records.Clear();
        _drained.Set();
    }
}
