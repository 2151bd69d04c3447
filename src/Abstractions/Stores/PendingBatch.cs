namespace DashStream.Stores;

/// <summary>Many records of one call on their way, with one completion for all.</summary>
internal sealed class PendingBatch : PendingAppend
{
    private readonly TaskCompletionSource<IReadOnlyList<SendResult>> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SendResult[] _results;
    private readonly Entry[] _entries;
    private readonly bool[] _decided;
    private readonly int _count;
    private int _taken;

    /// <summary>Takes on the records of a call.</summary>
    /// <param name="entries">What to store, in order; owned by this from now on.</param>
    /// <param name="count">How many of the entries are filled.</param>
    /// <param name="sizeBytes">Sum of their sizes.</param>
    /// <param name="results">One for each record of the call; those of refused records are set.</param>
    public PendingBatch(Entry[] entries, int count, long sizeBytes, SendResult[] results)
    {
        _entries = entries;
        _count = count;
        SizeBytes = sizeBytes;
        _results = results;
        _decided = new bool[count];
        Begin();
    }

    public override int Count => _count;

    public override long SizeBytes { get; }

    public override bool MayWait => true;

    public override bool IsTaken => _taken == _count;

    public Task<IReadOnlyList<SendResult>> Task => _completion.Task;

    public override bool TryTake(AppendChunk chunk)
    {
        var from = _taken;
        long bytes = 0;
        while (_taken < _count && chunk.HasRoomFor(_entries[_taken].Size))
        {
            ref readonly var entry = ref _entries[_taken];
            chunk.Add(entry.Record, entry.Partition, entry.TimestampUs, FirstSequence + _taken, entry.Size);
            bytes += entry.Size;
            _taken++;
        }

        if (_taken == from)
        {
            return false;
        }

        chunk.Close(this, from, _taken - from, bytes);
        return true;
    }

    public override void Store(int index, StreamPosition position) => Decide(index, SendResult.Stored(position));

    public override void Fail(int index, StreamException error) => Decide(index, SendResult.Failed(error));

    public override void Release() => _completion.TrySetResult(_results);

    protected override void FailUndecided(StreamException error)
    {
        for (var i = 0; i < _count; i++)
        {
            if (!_decided[i])
            {
                Decide(i, SendResult.Failed(error));
            }
        }
    }

    private void Decide(int index, SendResult result)
    {
        _decided[index] = true;
        _results[_entries[index].ResultIndex] = result;
    }

    /// <summary>A record that passed the checks.</summary>
    /// <param name="Record">The record.</param>
    /// <param name="Partition">Its partition.</param>
    /// <param name="Size">Its size.</param>
    /// <param name="TimestampUs">Its time.</param>
    /// <param name="ResultIndex">Where its result belongs.</param>
    internal readonly record struct Entry(StreamRecord Record, int Partition, int Size, long TimestampUs, int ResultIndex);
}
