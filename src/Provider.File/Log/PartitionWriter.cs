using DashStream.Stores;
using Microsoft.Win32.SafeHandles;

namespace DashStream.Providers;

/// <summary>
/// Appends to one partition: gather records, write them in one call, then publish them. Everything here runs under the partition's lock, so one caller at
/// a time. Nothing is visible to anybody before <see cref="Publish"/>, and <see cref="Undo"/> takes it back until then.
/// </summary>
internal sealed class PartitionWriter(PartitionLog log) : IKeptOpen, IDisposable
{
    private readonly PartitionRetention _retention = new(log);
    private readonly GatherBuffer _gathered = new();
    private SafeFileHandle? _file;
    private LogSegment? _segment;
    private SegmentIndex? _index;
    private PartitionEnd _end;
    private bool _touched;
    private bool _isCounted;
    private volatile bool _unsynced;
    private ulong _next;

    /// <summary>Catches up with what others did, and makes sure that there is a segment with room.</summary>
    public void Prepare()
    {
        var previousEnd = CatchUp();
        if (_end.Position == 0)
        {
            Begin(previousEnd);
        }
        else if (_end.Position >= _retention.SegmentBytes && _end.End > _end.SegmentBase)
        {
            Roll();
        }

        Open(log.Segments.Get(_end.SegmentBase));
        // Looked up now, while opening its file may still fail.
        _index = _segment!.Index;
        _gathered.Clear();
        _next = _end.End;
    }

    /// <summary>Gathers a record of the batch and gives it its offset.</summary>
    public void Add(AppendBatch batch, int index)
    {
        var record = batch.RecordAt(index);
        var size = RecordFormat.SizeOf(record);
        RecordFormat.Write(_gathered.Next(size), _segment!.Seed, _next, batch.TimestampAt(index), record);
        batch.SetOffset(index, _next);
        _next++;
    }

    /// <summary>Writes what was gathered, in one call.</summary>
    public void Write() => RandomAccess.Write(_file!, _gathered.Written, _end.Position);

    /// <summary>Forces it onto the disk.</summary>
    public void Sync()
    {
        RandomAccess.FlushToDisk(_file!);
        _unsynced = false;
    }

    /// <summary>Takes back what was written and not published: after an error the file ends as it did before.</summary>
    public void Undo()
    {
        _gathered.Clear();
        try
        {
            RandomAccess.SetLength(_file!, _end.Position);
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            // The next writer finds the file longer than published and mends it; the first error is the one to tell.
            _touched = false;
            log.Store.Journal.Warn($"undo:{_segment!.Path}", $"'{_segment.Path}' could not be shortened after a failed append: {e.Message}");
        }
    }

    /// <summary>Makes what was written visible to everybody. Does not fail: the records are stored.</summary>
    public void Publish()
    {
        _index!.NoteAll(_gathered.Written, _end.Position);
        _end = _end with { End = _next, Position = _end.Position + _gathered.Length };
        _gathered.Clear();
        _unsynced = true;
        try
        {
            log.Publish(_end);
            if (_retention.IsDue())
            {
                ApplyRetention();
            }
        }
        catch (Exception e) when (FileErrors.IsForeign(e) || e is StreamException)
        {
            log.Store.Journal.Warn($"publish:{log.Folder}", $"'{log.Folder}': a step after an append failed, readers may see the records late: {e.Message}");
        }
    }

    /// <summary>Removes everything before that offset; returns how many records went.</summary>
    public long Trim(ulong before)
    {
        var previousEnd = CatchUp();
        return TrimTo(before, previousEnd);
    }

    /// <summary>Applies the topic's retention; returns how many records went.</summary>
    public long ApplyRetention()
    {
        var previousEnd = CatchUp();
        return TrimTo(_retention.Cut(_end), previousEnd);
    }

    /// <summary>Forces the newest segment onto the disk if anything was written since the last time. Needs no lock.</summary>
    public void SyncIfNeeded()
    {
        if (_unsynced && _file is { } file)
        {
            try
            {
                using var held = new HeldFile(file);
                _unsynced = false;
                RandomAccess.FlushToDisk(held.File);
            }
            catch (ObjectDisposedException)
            {
                // Rolled or closed meanwhile, and both sync first.
                return;
            }
        }
    }

    /// <summary>Lets go of file and buffer while nobody writes; the next append opens the file again.</summary>
    public bool TryClose() => log.Lock.TryWhileFree(Close);

    // The buffer is left to the collector: an append may still be filling it.
    public void Dispose() => _file?.Dispose();

    /// <summary>Learns the true end; returns where the records on disk end, for a segment that is still to be made.</summary>
    private ulong CatchUp()
    {
        var state = log.ReadSlot(out var published);
        if (_touched && state == SlotState.Live && published.Position > 0 && LengthOf(published.SegmentBase) == published.Position)
        {
            _end = published;
            return published.End;
        }

        // The first time in this process the whole segment is read, later only when somebody died in the middle of a step.
        var recovered = log.Recover(state, published);
        _end = recovered.End;
        _touched = true;
        return recovered.PreviousEnd;
    }

    private long LengthOf(ulong baseOffset)
    {
        if (_segment?.BaseOffset == baseOffset && _file is { IsClosed: false })
        {
            return RandomAccess.GetLength(_file);
        }

        var file = new FileInfo(log.Segments.Get(baseOffset).Path);
        return file.Exists ? file.Length : -1;
    }

    private void Roll()
    {
        var old = log.Segments.Get(_end.SegmentBase);
        if (log.Store.IsDurable)
        {
            Open(old);
            Sync();
        }

        StoreIndex(old, _end.Position);
        // Published before the file is made: whoever finds a file beyond the published segment may remove it as unbegun.
        var next = _end with { SegmentBase = _end.End, Position = 0 };
        log.Publish(next);
        _end = next;
        Begin(next.End);
    }

    private void Begin(ulong previousEnd)
    {
        _touched = false;
        var segment = log.Segments.Get(_end.SegmentBase);
        segment.Create(previousEnd);
        log.Segments.Add(segment);
        if (log.Store.IsDurable)
        {
            Posix.SyncDirectory(log.Folder);
        }

        _end = _end with { Position = SegmentHeader.Bytes };
        log.Publish(_end);
        _touched = true;
    }

    private void StoreIndex(LogSegment segment, long limit)
    {
        try
        {
            segment.CoverAll(limit);
            IndexFile.Write(segment.IndexPath, segment.Seed, segment.Index);
        }
        catch (Exception e) when (FileErrors.IsForeign(e) || e is StreamException)
        {
            // A shortcut only: readers make it again.
            log.Store.Journal.Warn($"index:{log.Folder}", $"The index of '{segment.Path}' could not be stored: {e.Message}");
        }
    }

    private long TrimTo(ulong before, ulong previousEnd)
    {
        if (before <= _end.Begin)
        {
            return 0;
        }

        var removed = (long)(before - _end.Begin);
        StartFile.Write(log.Folder, before, log.Store.IsDurable);
        _end = _end with { Begin = before };
        log.Publish(_end);
        if (before == _end.End && _end.Position > 0 && _end.End > _end.SegmentBase)
        {
            Roll();
        }
        else if (before == _end.End && _end.Position == 0)
        {
            Begin(previousEnd);
        }

        RemoveBelow(before);
        return removed;
    }

    private void RemoveBelow(ulong before)
    {
        var all = log.Segments.Refresh();
        for (var i = 0; i + 1 < all.Length && all[i + 1].BaseOffset <= before; i++)
        {
            all[i].Delete();
        }

        log.Segments.Refresh();
    }

    private void Open(LogSegment segment)
    {
        if (_segment == segment && _file is { IsClosed: false })
        {
            return;
        }

        _file?.Dispose();
        _file = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        _segment = segment;
        if (!_isCounted)
        {
            _isCounted = true;
            log.Store.OpenFiles.Add(this);
        }
    }

    private void Close()
    {
        _isCounted = false;
        _gathered.Return();
        try
        {
            if (log.Store.IsDurable)
            {
                SyncIfNeeded();
            }
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            log.Store.Journal.Warn("sync", $"Written records could not be forced onto the disk: {e.Message}");
        }
        finally
        {
            _file?.Dispose();
            _file = null;
        }
    }
}
