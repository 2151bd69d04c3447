namespace DashStream.Providers;

/// <summary>Reads one partition. Holds no lock: it looks at the published end and never beyond. Safe for concurrent use.</summary>
internal sealed class PartitionReader(PartitionLog log)
{
    private const int Attempts = 3;
    private const int AttemptsAtRemovedFiles = 100;
    private const int ChunkSlack = 4096;

    private Cursor? _cursor;

    /// <inheritdoc cref="Stores.ILogStore.ReadAsync"/>
    public ValueTask<IReadOnlyList<StreamRecord>> ReadAsync(UInt128 from, int maxRecords, int maxBytes, CancellationToken cancellationToken) =>
        WithEndAsync<IReadOnlyList<StreamRecord>>(end => Read(end, from, maxRecords, maxBytes), cancellationToken);

    /// <inheritdoc cref="Stores.ILogStore.FindAsync"/>
    public ValueTask<ulong?> FindAsync(long timestampUs, CancellationToken cancellationToken) =>
        WithEndAsync(end => Find(end, timestampUs), cancellationToken);

    /// <summary>Bytes that the records from the beginning on take.</summary>
    public ValueTask<long> SizeAsync(CancellationToken cancellationToken) => WithEndAsync(Size, cancellationToken);

    /// <summary>The first record in log order with that time or later.</summary>
    public ulong? Find(PartitionEnd end, long timestampUs)
    {
        var all = SegmentsUpTo(end);
        for (var i = PartitionSegments.IndexOf(all, end.Begin); i < all.Length && end.Begin < end.End; i++)
        {
            var (segment, limit) = (all[i], PartitionLog.LimitOf(all[i], end));
            segment.CoverAll(limit);
            if (segment.Index.Covered.NewestBefore < timestampUs)
            {
                continue;
            }

            var entry = segment.Index.FloorTime(timestampUs);
            using var walk = segment.WalkFrom(Math.Max(entry.Offset, end.Begin), limit);
            while (walk.MoveNext())
            {
                if (RecordFormat.TimeOf(walk.Current) >= timestampUs)
                {
                    return walk.NextOffset - 1;
                }
            }
        }

        return null;
    }

    /// <summary>The lowest offset from which on the records take no more than that many bytes. The newest record always stays.</summary>
    public ulong CutForSize(PartitionEnd end, long mostBytes)
    {
        var all = SegmentsUpTo(end);
        var room = mostBytes;
        for (var i = all.Length - 1; i >= 0 && all[i].BaseOffset <= end.End; i--)
        {
            var (segment, limit) = (all[i], PartitionLog.LimitOf(all[i], end));
            if (limit - SegmentHeader.Bytes <= room)
            {
                room -= Math.Max(limit - SegmentHeader.Bytes, 0);
                continue;
            }

            using var walk = segment.Advance(segment.Index.FloorPosition(limit - room), limit, w => w.NextPosition >= limit - room, _ => true);
            return Math.Min(walk.NextOffset, end.End - 1);
        }

        return end.Begin;
    }

    private async ValueTask<T> WithEndAsync<T>(Func<PartitionEnd, T> read, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var end = await log.EndAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return read(end);
            }
            catch (Exception e) when (attempt < AttemptsAtRemovedFiles && e is (ObjectDisposedException or FileNotFoundException))
            {
                // Retention or a trim has just removed a file.
                log.Segments.Refresh();
            }
            catch (StreamException e) when (attempt < Attempts && e.Kind == StreamErrorKind.Corrupt)
            {
                // A torn tail is mended before damage is believed.
                log.Segments.Refresh();
                if (attempt > 1 && log.CanMend)
                {
                    await log.RepairAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private List<StreamRecord> Read(PartitionEnd end, UInt128 from, int maxRecords, int maxBytes)
    {
        var batch = new ReadBatch(log.Partition, maxRecords, maxBytes);
        if (from >= end.End)
        {
            return batch.Records;
        }

        var next = Math.Max((ulong)from, end.Begin);
        var all = SegmentsUpTo(end);
        for (var i = PartitionSegments.IndexOf(all, next); next < end.End; i++)
        {
            if (i == all.Length && end.SegmentBase == end.End)
            {
                // Only offsets whose records were lost lie between here and the end.
                break;
            }

            if (i >= all.Length || (i == 0 && all[0].BaseOffset > next && HeaderOf(all[0]).PreviousEnd > next))
            {
                throw Missing(next);
            }

            next = ReadSegment(all, i, end, next, batch);
            if (batch.Full || batch.StoppedAtDamage)
            {
                break;
            }
        }

        return batch.Records;
    }

    /// <summary>Reads from one segment on; returns the offset to go on with, in the next one.</summary>
    private ulong ReadSegment(LogSegment[] all, int i, PartitionEnd end, ulong next, ReadBatch batch)
    {
        var segment = all[i];
        using var walk = Open(segment, PartitionLog.LimitOf(segment, end), next, batch.MaxBytes);
        while (walk.MoveNext())
        {
            if (!batch.TryAdd(walk.Current))
            {
                _cursor = new Cursor(segment, walk.NextOffset - 1, walk.Position);
                return walk.NextOffset - 1;
            }
        }

        if (walk.Damaged)
        {
            return StopAt(batch, walk.NextOffset, () => segment.Corrupt(walk.Position, $"the record with offset {walk.NextOffset} is not whole"));
        }

        _cursor = new Cursor(segment, walk.NextOffset, walk.Position);
        if (i + 1 == all.Length)
        {
            return walk.NextOffset;
        }

        var header = HeaderOf(all[i + 1]);
        return header.PreviousEnd == walk.NextOffset
            ? header.BaseOffset
            : StopAt(batch, walk.NextOffset, () => Missing(walk.NextOffset));
    }

    /// <summary>What came before the damage is returned first; the read that begins with it throws.</summary>
    private static ulong StopAt(ReadBatch batch, ulong next, Func<StreamException> error)
    {
        batch.StoppedAtDamage = true;
        return batch.Records.Count > 0 ? next : throw error();
    }

    private SegmentWalk Open(LogSegment segment, long limit, ulong next, int maxBytes)
    {
        // The cursor makes reading on cheap; anybody else's read goes through the index.
        if (Volatile.Read(ref _cursor) is { } cursor && cursor.Segment == segment && cursor.Offset == next)
        {
            return new SegmentWalk(segment.Hold(), segment.Seed, cursor.Position, next, limit, (int)Math.Min((long)maxBytes + ChunkSlack, SegmentWalk.DefaultChunk));
        }

        return segment.WalkFrom(next, limit);
    }

    private static SegmentHeader HeaderOf(LogSegment segment) => segment.ReadHeader() ?? throw segment.Corrupt(0, "the header is not whole");

    private long Size(PartitionEnd end)
    {
        var size = 0L;
        var all = SegmentsUpTo(end);
        for (var i = PartitionSegments.IndexOf(all, end.Begin); i < all.Length && end.Begin < end.End; i++)
        {
            var limit = PartitionLog.LimitOf(all[i], end);
            size += Math.Max(limit - SegmentHeader.Bytes, 0);
            if (all[i].BaseOffset < end.Begin)
            {
                using var walk = all[i].WalkFrom(end.Begin, limit);
                size -= walk.NextPosition - SegmentHeader.Bytes;
            }
        }

        return size;
    }

    private LogSegment[] SegmentsUpTo(PartitionEnd end)
    {
        var all = log.Segments.All;
        var isBehind = end.Position > 0 && (all.Length == 0 || all[^1].BaseOffset < end.SegmentBase);
        var holdsRemoved = all.Length > 1 && all[1].BaseOffset <= end.Begin;
        if (isBehind || holdsRemoved)
        {
            all = log.Segments.Refresh();
        }

        // Another process may be making a segment that is not published yet.
        return all.Length > 0 && all[^1].BaseOffset > end.SegmentBase ? [.. all.Where(segment => segment.BaseOffset <= end.SegmentBase)] : all;
    }

    private StreamException Missing(ulong offset) => new(StreamErrorKind.Corrupt,
        $"Topic '{log.Topic.Spec.Name}' partition {log.Partition}: the segment file with offset {offset} is missing or too short in '{log.Folder}'. "
        + "A seek to a later offset reads on behind the gap.");

    private sealed record Cursor(LogSegment Segment, ulong Offset, long Position);

    /// <summary>What a read has gathered, and its limits.</summary>
    private sealed class ReadBatch(int partition, int maxRecords, int maxBytes)
    {
        private long _bytes;

        public List<StreamRecord> Records { get; } = [];

        public int MaxBytes => maxBytes;

        public bool Full { get; private set; }

        public bool StoppedAtDamage { get; set; }

        public bool TryAdd(ReadOnlySpan<byte> record)
        {
            var payload = RecordFormat.PayloadOf(record);
            Full = Records.Count >= maxRecords || (Records.Count > 0 && _bytes + payload > maxBytes);
            if (Full)
            {
                return false;
            }

            _bytes += payload;
            Records.Add(RecordFormat.Read(record, partition));
            return true;
        }
    }
}
