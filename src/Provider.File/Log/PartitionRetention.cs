namespace DashStream.Providers;

/// <summary>What a topic's retention means for one partition. Used under the partition's lock.</summary>
internal sealed class PartitionRetention
{
    private const int Parts = 4;
    private const long LeastSegmentBytes = 64 * 1024;

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly PartitionLog _log;
    private readonly TimeSpan? _every;
    private long _last;

    public PartitionRetention(PartitionLog log)
    {
        _log = log;
        var spec = log.Topic.Spec;
        SegmentBytes = log.Store.Options.SegmentBytes;
        if (spec.RetentionBytes is { } size)
        {
            // Space comes back by whole files, so a small allowance needs small ones.
            SegmentBytes = Math.Min(SegmentBytes, Math.Max(size / Parts, LeastSegmentBytes));
        }

        if (spec.RetentionAge is not null || spec.RetentionBytes is not null)
        {
            var part = (spec.RetentionAge ?? Longest) / Parts;
            _every = part < Shortest ? Shortest : part > Longest ? Longest : part;
            _last = log.Store.Time.GetTimestamp();
        }
    }

    /// <summary>Size at which the partition goes on in a new file.</summary>
    public long SegmentBytes { get; }

    /// <summary>Whether it is time to look again; asked after each append.</summary>
    public bool IsDue()
    {
        if (_every is null || _log.Store.Time.GetElapsedTime(_last) < _every)
        {
            return false;
        }

        _last = _log.Store.Time.GetTimestamp();
        return true;
    }

    /// <summary>The offset before which everything may go.</summary>
    public ulong Cut(PartitionEnd end)
    {
        var cut = end.Begin;
        if (end.Begin == end.End)
        {
            return cut;
        }

        if (_log.Topic.Spec.RetentionAge is { } age)
        {
            var oldestUs = _log.Store.NowUs - (age.Ticks / TimeSpan.TicksPerMicrosecond);
            cut = Math.Max(cut, _log.Reader.Find(end, oldestUs) ?? end.End);
        }

        if (_log.Topic.Spec.RetentionBytes is { } size)
        {
            cut = Math.Max(cut, _log.Reader.CutForSize(end, size));
        }

        return cut;
    }
}
