namespace DashStream.State;

/// <summary>
/// Looks backward through a partition, in pieces that grow, for the newest good full state or checkpoint of a thread at or before a point, so that the way to a
/// recent state does not begin at the beginning. Bad ones are named and gone around.
/// </summary>
internal sealed class StateBaseSearch(ThreadRecords records, string threadId, StateReplicaOptions options, StateCheckpoints? checkpoints)
{
    private const uint Growth = 4;
    private const uint LeapGrowth = 1 << 16;
    private const int MostCandidates = 16;

    private readonly Queue<ThreadRecord> _candidates = new();
    private ulong? _wanted;
    private UInt128? _stop;
    private bool _isThere;

    /// <summary>The piece that is read first, in offsets.</summary>
    public static UInt128 FirstPiece => 256;

    /// <param name="begin">The oldest offset to look at.</param>
    /// <param name="end">Behind the newest one.</param>
    /// <param name="sequence">The number to stop at; null to stop at the end.</param>
    /// <param name="floor">A state that is known at or before the point, whose record lies at <paramref name="begin"/>; null without one.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>Null when the partition has nothing of the thread up to that point.</returns>
    public async ValueTask<StateBase?> FindAsync(UInt128 begin, UInt128 end, ulong? sequence, StateMoment? floor, CancellationToken cancellationToken)
    {
        _wanted = sequence;
        _stop = sequence is null ? end : null;
        var piece = FirstPiece;
        for (var high = end; high > begin;)
        {
            var low = high - begin > piece ? high - piece : begin;
            var readBefore = records.Read;
            var overflowed = await ReadPieceAsync(low, high, cancellationToken).ConfigureAwait(false);

            // Where offsets are far apart, such as times, pieces without a record are crossed in leaps.
            var growth = records.Read == readBefore ? LeapGrowth : Growth;
            piece = piece > UInt128.MaxValue / growth ? UInt128.MaxValue : piece * growth;
            var oldest = _candidates.TryPeek(out var first) ? first.Offset : low;
            if (await NewestGoodAsync(cancellationToken).ConfigureAwait(false) is { } good)
            {
                return new StateBase(good.Moment, good.Offset + 1, _stop!.Value);
            }

            high = overflowed ? oldest : low;
        }

        return _isThere && _stop is { } stop ? new StateBase(floor, floor is null ? begin : begin + 1, stop) : floor is null ? null : new StateBase(floor, begin + 1, begin + 1);
    }

    /// <summary>Collects the piece's candidates up to the point; true when there were more than are kept.</summary>
    private async ValueTask<bool> ReadPieceAsync(UInt128 low, UInt128 high, CancellationToken cancellationToken)
    {
        var stopIsBehind = _stop is not null;
        var pending = new Queue<ThreadRecord>();
        var overflowed = false;
        await foreach (var record in records.ReadAsync(low, high, cancellationToken).ConfigureAwait(false))
        {
            if (record.IsBase)
            {
                overflowed |= Keep(pending, record);
            }

            // The newest that counts decides where to stop; what lies behind it is of no use.
            var counts = stopIsBehind || (record.Number != 0 && record.Number <= _wanted);
            _isThere |= counts;
            while (counts && pending.TryDequeue(out var candidate))
            {
                overflowed |= Keep(_candidates, candidate);
            }

            _stop = counts && !stopIsBehind ? record.Offset + 1 : _stop;
        }

        return overflowed && _candidates.Count > 0;
    }

    private static bool Keep(Queue<ThreadRecord> kept, ThreadRecord record)
    {
        kept.Enqueue(record);
        if (kept.Count <= MostCandidates)
        {
            return false;
        }

        kept.Dequeue();
        return true;
    }

    private async ValueTask<(StateMoment Moment, UInt128 Offset)?> NewestGoodAsync(CancellationToken cancellationToken)
    {
        foreach (var record in _candidates.Reverse())
        {
            if (await TryReadAsync(record, cancellationToken).ConfigureAwait(false) is { } moment)
            {
                return (moment, record.Offset);
            }
        }

        _candidates.Clear();
        return null;
    }

    private async ValueTask<StateMoment?> TryReadAsync(ThreadRecord record, CancellationToken cancellationToken)
    {
        var message = record.Message;
        if (message.Checkpoint is { State.IsEmpty: true, StorageUri.Length: > 0 } reference)
        {
            if (checkpoints is null)
            {
                return null;
            }

            try
            {
                var state = await checkpoints.ReadStateAsync(reference, cancellationToken).ConfigureAwait(false);
                message = new Protocol.Checkpoint { Header = reference.Header, State = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(state) };
            }
            catch (CheckpointException e)
            {
                records.Bad.Add(new BadStateRecord(record.Order.Position, e));
                return null;
            }
        }

        var core = new ReplicaCore(threadId, options);
        core.Take(message, record.Order, []);
        if (core.Moment is null && core.LastError is { } error)
        {
            records.Bad.Add(new BadStateRecord(record.Order.Position, error));
        }

        return core.Moment;
    }
}
