namespace DashStream.Providers;

/// <summary>One partition of an open topic: its files, its lock, its published end. Safe for concurrent use; what needs the lock says so.</summary>
internal sealed class PartitionLog : IDisposable
{
    public const string LockName = "append.lock";

    private readonly TopicEnds _ends;
    private readonly PartitionRecovery _recovery;
    private PartitionEnd? _seen;
    private volatile bool _checked;

    public PartitionLog(StoreContext store, TopicFile topic, TopicEnds ends, int partition)
    {
        (Store, Topic, _ends, Partition) = (store, topic, ends, partition);
        Folder = Path.Combine(store.Folder.TopicFolder(topic.Spec.Name), partition.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Segments = new PartitionSegments(store, Folder, topic.Id, partition);
        Lock = new FileLock(Path.Combine(Folder, LockName), store.Options.LockTimeout, store.OpenFiles);
        _recovery = new PartitionRecovery(this);
        Reader = new PartitionReader(this);
        Writer = new PartitionWriter(this);
    }

    public StoreContext Store { get; }

    public TopicFile Topic { get; }

    public int Partition { get; }

    public string Folder { get; }

    public PartitionSegments Segments { get; }

    /// <summary>Excludes all other writers of this partition, everywhere.</summary>
    public FileLock Lock { get; }

    public PartitionReader Reader { get; }

    public PartitionWriter Writer { get; }

    /// <summary>Whether this process may mend what a dead writer left.</summary>
    public bool CanMend => _ends.CanWrite;

    /// <summary>
    /// What is published. The first call makes sure that nothing is left over from a writer that died, if nobody is writing right now.
    /// </summary>
    /// <exception cref="StreamException">The topic was deleted (<see cref="StreamErrorKind.NotFound"/>).</exception>
    public ValueTask<PartitionEnd> EndAsync(CancellationToken cancellationToken)
    {
        var state = ReadSlot(out var end);
        return state == SlotState.Live && (_checked || IsClean(end)) ? ValueTask.FromResult(end) : MendAsync(state, end, cancellationToken);
    }

    /// <summary>Looks the partition through under its lock and mends what a dead writer left.</summary>
    public async ValueTask RepairAsync(CancellationToken cancellationToken)
    {
        using var held = await Lock.AcquireAsync(cancellationToken).ConfigureAwait(false);
        var state = ReadSlot(out var end);
        Recover(state, end);
    }

    /// <summary>The slot as it is.</summary>
    /// <exception cref="StreamException">The topic was deleted (<see cref="StreamErrorKind.NotFound"/>).</exception>
    public SlotState ReadSlot(out PartitionEnd end)
    {
        var state = _ends.Read(Partition, out end);
        return state != SlotState.Deleted ? state : throw Gone();
    }

    /// <summary>Makes an end visible to everybody. Only under the lock.</summary>
    public void Publish(PartitionEnd end) => _ends.Write(Partition, end);

    /// <summary>Looks through the newest segment, mends it and publishes the outcome. Only under the lock.</summary>
    public RecoveredEnd Recover(SlotState state, PartitionEnd published)
    {
        var recovered = _recovery.Run(state, published, mayWrite: true);
        if (state != SlotState.Live || recovered.End != published)
        {
            Publish(recovered.End);
        }

        _checked = true;
        return recovered;
    }

    /// <summary>Where the valid bytes of a segment end.</summary>
    public static long LimitOf(LogSegment segment, PartitionEnd end) => segment.BaseOffset == end.SegmentBase ? end.Position : segment.Length;

    public void Dispose()
    {
        Writer.Dispose();
        Segments.Dispose();
        Lock.Dispose();
    }

    private async ValueTask<PartitionEnd> MendAsync(SlotState state, PartitionEnd end, CancellationToken cancellationToken)
    {
        if (!_ends.CanWrite)
        {
            // A read-only folder: what was published stays the truth, and without that the files are looked through once.
            _checked = state == SlotState.Live;
            return _checked ? end : _seen ??= _recovery.Run(state, end, mayWrite: false).End;
        }

        if (Lock.TryAcquire(out var held))
        {
            using (held)
            {
                state = ReadSlot(out end);
                return Recover(state, end).End;
            }
        }

        // Somebody is writing: the published end is as good as ever, and the next call looks again.
        if (state == SlotState.Live)
        {
            return end;
        }

        await RepairAsync(cancellationToken).ConfigureAwait(false);
        _ = ReadSlot(out end);
        return end;
    }

    private bool IsClean(PartitionEnd end)
    {
        if (end.Position > 0 && SegmentLength(end.SegmentBase) != end.Position)
        {
            return false;
        }

        _checked = true;
        return true;
    }

    /// <summary>Length of a segment file, or -1 when there is none.</summary>
    private long SegmentLength(ulong baseOffset)
    {
        var file = new FileInfo(Segments.Get(baseOffset).Path);
        return file.Exists ? file.Length : -1;
    }

    private StreamException Gone() => new(StreamErrorKind.NotFound, $"Topic '{Topic.Spec.Name}' was deleted.");
}
