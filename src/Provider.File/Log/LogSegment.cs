using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace DashStream.Providers;

/// <summary>
/// One segment file of a partition: header, then records with offsets from <see cref="BaseOffset"/> on without a hole. Safe for concurrent reading.
/// A use after disposal fails with <see cref="ObjectDisposedException"/>: the segment was removed meanwhile.
/// </summary>
internal sealed class LogSegment : IKeptOpen, IDisposable
{
    public const string Suffix = ".log";

    private const int ResyncChunk = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly StoreContext _store;
    private readonly Guid _topicId;
    private readonly int _partition;
    private SafeFileHandle? _file;
    private SegmentIndex? _index;
    private bool _disposed;

    public LogSegment(StoreContext store, string folder, Guid topicId, int partition, ulong baseOffset)
    {
        (_store, _topicId, _partition, BaseOffset) = (store, topicId, partition, baseOffset);
        Path = System.IO.Path.Combine(folder, baseOffset.ToString("D20", CultureInfo.InvariantCulture) + Suffix);
        Seed = SegmentHeader.SeedOf(topicId, partition, baseOffset);
    }

    public ulong BaseOffset { get; }

    public string Path { get; }

    public string IndexPath => System.IO.Path.ChangeExtension(Path, IndexFile.Suffix);

    public uint Seed { get; }

    public long Length
    {
        get
        {
            using var held = Hold();
            return RandomAccess.GetLength(held.File);
        }
    }

    public SegmentIndex Index
    {
        get
        {
            if (_index is { } index)
            {
                return index;
            }

            index = IndexFile.TryRead(IndexPath, Seed, Length, _store.Options.IndexIntervalBytes)
                ?? new SegmentIndex(BaseOffset, _store.Options.IndexIntervalBytes);
            return Interlocked.CompareExchange(ref _index, index, null) ?? index;
        }
    }

    /// <summary>The open file.</summary>
    public HeldFile Hold()
    {
        HeldFile held;
        var opened = false;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_file is null)
            {
                _file = File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
                opened = true;
            }

            held = new HeldFile(_file);
        }

        if (opened)
        {
            _store.OpenFiles.Add(this);
        }

        return held;
    }

    /// <summary>The header, or null when it is damaged or not there yet.</summary>
    public SegmentHeader? ReadHeader()
    {
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        using var held = Hold();
        var read = RandomAccess.Read(held.File, bytes, 0);
        return SegmentHeader.TryRead(bytes[..read], _topicId, _partition, BaseOffset, out var header) ? header : null;
    }

    /// <summary>Makes or empties the file and writes its header. Only under the partition's lock.</summary>
    public void Create(ulong previousEnd)
    {
        using var file = File.OpenHandle(Path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        new SegmentHeader(_topicId, _partition, BaseOffset, previousEnd).Write(bytes);
        RandomAccess.SetLength(file, 0);
        RandomAccess.Write(file, bytes, 0);
    }

    /// <summary>
    /// A walk whose next record is <paramref name="from"/>, or the end of the segment when it lies behind. Goes around damage before that record.
    /// </summary>
    /// <exception cref="StreamException">Damage hides the record (<see cref="StreamErrorKind.Corrupt"/>).</exception>
    public SegmentWalk WalkFrom(ulong from, long limit)
    {
        var start = Index.FloorOffset(from);
        return Advance(start, limit, walk => walk.NextOffset >= from, whole => whole.Offset <= from);
    }

    /// <summary>Reads on to the end of the valid bytes, so that the index covers all of it.</summary>
    public void CoverAll(long limit)
    {
        if (Index.Covered.Position < limit)
        {
            Advance(Index.Covered, limit, _ => false, _ => true).Dispose();
        }
    }

    /// <summary>A walk from an entry on, moved until <paramref name="arrived"/> holds or the segment ends. Damage on the way is passed if <paramref name="mayPass"/>.</summary>
    public SegmentWalk Advance(IndexEntry start, long limit, Predicate<SegmentWalk> arrived, Predicate<IndexEntry> mayPass)
    {
        var walk = new SegmentWalk(Hold(), Seed, start.Position, start.Offset, limit);
        try
        {
            while (!arrived(walk))
            {
                if (walk.MoveNext())
                {
                    Index.Note(walk.NextOffset - 1, walk.Position, walk.Current.Length, RecordFormat.TimeOf(walk.Current));
                    continue;
                }

                if (!walk.Damaged)
                {
                    break;
                }

                walk = PassDamage(walk, limit, mayPass);
            }

            return walk;
        }
        catch
        {
            walk.Dispose();
            throw;
        }
    }

    /// <summary>The next whole record behind damage, or null when nothing valid follows.</summary>
    public IndexEntry? FindBehind(long damagedFrom, ulong least, long limit)
    {
        using var held = Hold();
        var buffer = new byte[ResyncChunk];
        for (var at = damagedFrom + 1; at + RecordFormat.FixedBytes <= limit;)
        {
            var read = RandomAccess.Read(held.File, buffer.AsSpan(0, (int)Math.Min(buffer.Length, limit - at)), at);
            var starts = read - RecordFormat.FixedBytes + 1;
            for (var i = 0; i < starts; i++)
            {
                if (IsRecord(buffer.AsSpan(i, read - i), at + i, least, limit))
                {
                    return new IndexEntry(RecordFormat.OffsetOf(buffer.AsSpan(i)), at + i, 0);
                }
            }

            if (starts <= 0)
            {
                break;
            }

            at += starts;
        }

        return null;
    }

    public StreamException Corrupt(long position, string what) => new(StreamErrorKind.Corrupt,
        $"'{Path}' is damaged at byte {position}: {what}. Records behind it can be read by a seek beyond the damage; a trim beyond it gives it up for good.");

    /// <summary>Closes the file and removes it with its index. Readers who have it open read on.</summary>
    public void Delete()
    {
        Dispose();
        File.Delete(Path);
        _ = AtomicFile.TryDelete(IndexPath);
    }

    /// <summary>Lets go of the open file and the index in memory; the next use opens them again. Who is reading right now reads on, and the file closes after that.</summary>
    public bool TryClose()
    {
        lock (_gate)
        {
            _file?.Dispose();
            (_file, _index) = (null, null);
        }

        return true;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _file?.Dispose();
        }
    }

    private SegmentWalk PassDamage(SegmentWalk walk, long limit, Predicate<IndexEntry> mayPass)
    {
        var (position, offset) = (walk.Position, walk.NextOffset);
        if (FindBehind(position, offset, limit) is not { } whole || !mayPass(whole))
        {
            throw Corrupt(position, $"the record with offset {offset} is not whole");
        }

        Index.Skip(position, whole.Offset, whole.Position);
        walk.Dispose();
        return new SegmentWalk(Hold(), Seed, whole.Position, whole.Offset, limit);
    }

    private bool IsRecord(ReadOnlySpan<byte> bytes, long position, ulong least, long limit)
    {
        // Most candidates fall at the offset, before any checksum is computed.
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(bytes[RecordFormat.PrefixBytes..]);
        if (offset < least || offset - least > (ulong)(limit - position) / RecordFormat.FixedBytes)
        {
            return false;
        }

        using var walk = new SegmentWalk(Hold(), Seed, position, offset, limit);
        return walk.MoveNext();
    }
}
