namespace DashStream.Providers;

/// <summary>What the last segment of a partition really holds.</summary>
/// <param name="EndOffset">The offset after its last whole record.</param>
/// <param name="EndPosition">Where that record ends; what follows is a torn tail.</param>
/// <param name="DamagedAt">Where damage with whole records behind it begins, or null.</param>
internal readonly record struct TailInspection(ulong EndOffset, long EndPosition, long? DamagedAt)
{
    /// <summary>Reads the whole segment, going around damage.</summary>
    public static TailInspection Of(LogSegment segment, long length)
    {
        long? damagedAt = null;
        var next = new IndexEntry(segment.BaseOffset, SegmentHeader.Bytes, 0);
        while (true)
        {
            using var walk = new SegmentWalk(segment.Hold(), segment.Seed, next.Position, next.Offset, length);
            while (walk.MoveNext())
            {
                segment.Index.Note(walk.NextOffset - 1, walk.Position, walk.Current.Length, RecordFormat.TimeOf(walk.Current));
            }

            if (!walk.Damaged || segment.FindBehind(walk.Position, walk.NextOffset, length) is not { } behind)
            {
                return new TailInspection(walk.NextOffset, walk.Position, damagedAt);
            }

            damagedAt ??= walk.Position;
            segment.Index.Skip(walk.Position, behind.Offset, behind.Position);
            next = behind;
        }
    }
}
