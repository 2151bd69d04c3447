using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace DashStream.Providers;

/// <summary>The outcome of a recovery.</summary>
/// <param name="End">What to publish.</param>
/// <param name="PreviousEnd">Where the records on disk end: the header of a new segment says it.</param>
internal readonly record struct RecoveredEnd(PartitionEnd End, ulong PreviousEnd);

/// <summary>
/// Finds the true end of a partition when its published end is missing or does not fit the newest segment file:
/// whole records behind the published end are taken in, an unfinished tail is cut off and kept aside, damage with whole records behind it stays as it is
/// and writing goes on in a new segment. Offsets that were published are never given out again, even if their records are lost.
/// </summary>
internal sealed class PartitionRecovery(PartitionLog log)
{
    private const int MostKeptBytes = 1024 * 1024;
    private const int MostKeptFiles = 8;
    private const string KeptSuffix = ".torn";

    /// <param name="state">Whether <paramref name="published"/> can be believed.</param>
    /// <param name="published">The slot.</param>
    /// <param name="mayWrite">True under the partition's lock; false only looks.</param>
    public RecoveredEnd Run(SlotState state, PartitionEnd published, bool mayWrite)
    {
        var all = DropUnbegun(log.Segments.Refresh(), mayWrite, out var floor);
        var begin = Math.Max(StartFile.Read(log.Folder), state == SlotState.Live ? published.Begin : 0);
        floor = Math.Max(Math.Max(floor, begin), state == SlotState.Live ? published.End : 0);
        if (all.Length == 0)
        {
            ReportLost(published.SegmentBase, 0, floor - begin);
            return new RecoveredEnd(new PartitionEnd(floor, floor, floor, 0), floor);
        }

        var last = all[^1];
        var length = last.Length;
        var tail = TailInspection.Of(last, length);
        if (tail.EndPosition < length)
        {
            Cut(last, tail.EndPosition, length, mayWrite);
        }

        begin = Math.Max(begin, all[0].BaseOffset);
        var next = Math.Max(floor, tail.EndOffset);
        // A published segment that is not made yet: somebody was here before and told what there was to tell.
        var leftBehind = state == SlotState.Live && published.SegmentBase > last.BaseOffset;
        if (!leftBehind)
        {
            ReportDamage(last, tail.DamagedAt);
            ReportLost(last.BaseOffset, tail.EndPosition, next - tail.EndOffset);
        }

        var goOn = tail.DamagedAt is null && next == tail.EndOffset && !leftBehind;
        var end = goOn ? new PartitionEnd(begin, next, last.BaseOffset, tail.EndPosition) : new PartitionEnd(begin, next, next, 0);
        return new RecoveredEnd(end, tail.EndOffset);
    }

    /// <summary>Leaves out segments whose writer died before their header was written.</summary>
    private LogSegment[] DropUnbegun(LogSegment[] all, bool mayWrite, out ulong floor)
    {
        floor = 0;
        while (all.Length > 0 && all[^1].Length < SegmentHeader.Bytes)
        {
            floor = Math.Max(floor, all[^1].BaseOffset);
            if (mayWrite)
            {
                all[^1].Delete();
            }

            all = all[..^1];
        }

        return mayWrite ? log.Segments.Refresh() : all;
    }

    private void Cut(LogSegment segment, long position, long length, bool mayWrite)
    {
        if (!mayWrite)
        {
            return;
        }

        using var file = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var kept = Keep(file, segment, position, length);
        RandomAccess.SetLength(file, position);
        if (log.Store.IsDurable)
        {
            RandomAccess.FlushToDisk(file);
        }

        Report(segment.Path, position, length - position, 0, kept, kept is null
            ? $"an append was interrupted; its unfinished {length - position} bytes from byte {position} on were cut off"
            : $"an append was interrupted; its unfinished {length - position} bytes from byte {position} on were cut off and kept in '{kept}'");
    }

    /// <summary>Copies what is cut, so that it can be looked at; bounded, and never a reason to fail.</summary>
    private string? Keep(SafeFileHandle file, LogSegment segment, long position, long length)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{Path.ChangeExtension(segment.Path, null)}-{position}{KeptSuffix}");
        try
        {
            foreach (var old in Directory.GetFiles(log.Folder, "*" + KeptSuffix).Order(StringComparer.Ordinal).SkipLast(MostKeptFiles - 1))
            {
                File.Delete(old);
            }

            var bytes = new byte[Math.Min(length - position, MostKeptBytes)];
            var read = RandomAccess.Read(file, bytes, position);
            AtomicFile.Replace(path, bytes.AsSpan(0, read), durable: false);
            return path;
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            return null;
        }
    }

    private void ReportDamage(LogSegment segment, long? position)
    {
        if (position is { } at)
        {
            Report(segment.Path, at, 0, 0, null,
                $"damaged at byte {at} with whole records behind it; nothing was removed, reading across it fails, and writing goes on in a new segment");
        }
    }

    private void ReportLost(ulong baseOffset, long position, ulong lost)
    {
        if (lost > 0)
        {
            Report(log.Segments.Get(baseOffset).Path, position, 0, (long)lost, null,
                $"{lost} acknowledged records are missing at its end (a power failure, or the file was shortened); their offsets stay unused");
        }
    }

    private void Report(string file, long position, long cut, long lost, string? kept, string what) => log.Store.Journal.Add(new FileRecovery(
        log.Topic.Spec.Name, log.Partition, file, position, cut, lost, kept,
        $"Topic '{log.Topic.Spec.Name}' partition {log.Partition}, '{file}': {what}."));
}
