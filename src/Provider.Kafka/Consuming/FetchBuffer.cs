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
    private readonly FetchMoves _moves = new();
    private readonly FetchSignals _signals = new();
    private long _bytes;

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
    public Task Arrived => _signals.Arrived;

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
                RemoveOne(start.Partition);
                _partitions.Add(FetchedPartition.Begin(topic, start));
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
                if (partition is { IsFetching: true, Fault: null })
                {
                    partition.Add(record);
                    _bytes += record.Size;
                }
            }

            Wake();
        }
    }

    /// <summary>Everything up to there was fetched: what lies between the last record and it are no records.</summary>
    public void NoteEnd(int partition, long offset)
    {
        lock (_gate)
        {
            _partitions.Find(partition)?.NoteEnd(offset);
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
            _moves.MoveTo(found, offset);
            Wake();
            return true;
        }
    }

    /// <summary>The log no longer holds what was to be fetched next: notes the gap, behind what was fetched before, and goes on at its end.</summary>
    public void AddGap(int partition, long to)
    {
        lock (_gate)
        {
            if (_partitions.Find(partition) is { } found && _moves.PassGap(found, to))
            {
                Wake();
            }
        }
    }

    /// <summary>Has librdkafka go on at the same place once more.</summary>
    public void Retry(int partition)
    {
        lock (_gate)
        {
            if (_partitions.Find(partition) is { } found)
            {
                _moves.Retry(found);
            }
        }
    }

    /// <summary>The moves that librdkafka has not been told of; who takes them tells it before it polls again.</summary>
    public List<TopicPartitionOffset> TakeMoves()
    {
        lock (_gate)
        {
            return _moves.Take(_partitions);
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
                _signals.NoteDrained();
            }

            return batch;
        }
    }

    /// <summary>Wakes a read that waits.</summary>
    public void Wake() => _signals.Wake();

    /// <summary>For the poll thread: waits until something was read, or the time is over.</summary>
    public void WaitForReader(TimeSpan limit) => _signals.WaitForReader(limit);

    public void Dispose() => _signals.Dispose();

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
        _signals.NoteDrained();
    }
}
