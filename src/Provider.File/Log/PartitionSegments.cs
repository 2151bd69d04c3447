using System.Globalization;

namespace DashStream.Providers;

/// <summary>The segment files of a partition as last seen in its folder, oldest first. Safe for concurrent use.</summary>
internal sealed class PartitionSegments(StoreContext store, string folder, Guid topicId, int partition) : IDisposable
{
    private readonly Lock _gate = new();
    private LogSegment[] _all = [];
    private bool _looked;

    public string Folder => folder;

    /// <summary>All of them; looks into the folder the first time.</summary>
    public LogSegment[] All
    {
        get
        {
            lock (_gate)
            {
                if (!_looked)
                {
                    RefreshLocked();
                }

                return _all;
            }
        }
    }

    /// <summary>The segment that holds the offset if any does: the last that starts at or before it, else the first.</summary>
    public static int IndexOf(LogSegment[] all, ulong offset)
    {
        var found = Array.FindLastIndex(all, segment => segment.BaseOffset <= offset);
        return Math.Max(found, 0);
    }

    /// <summary>Looks into the folder again, keeping what is open.</summary>
    public LogSegment[] Refresh()
    {
        lock (_gate)
        {
            RefreshLocked();
            return _all;
        }
    }

    /// <summary>The segment of that base offset, listed or about to be made.</summary>
    public LogSegment Get(ulong baseOffset)
    {
        lock (_gate)
        {
            var known = Array.Find(_all, segment => segment.BaseOffset == baseOffset);
            return known ?? Make(baseOffset);
        }
    }

    /// <summary>Adds a segment that was just made as the last.</summary>
    public void Add(LogSegment segment)
    {
        lock (_gate)
        {
            if (!_looked)
            {
                RefreshLocked();
            }

            if (!_all.Contains(segment))
            {
                _all = [.. _all.Where(other => other.BaseOffset != segment.BaseOffset), segment];
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var segment in _all)
            {
                segment.Dispose();
            }

            _all = [];
        }
    }

    private void RefreshLocked()
    {
        var found = new SortedDictionary<ulong, LogSegment>();
        foreach (var file in Directory.EnumerateFiles(folder, "*" + LogSegment.Suffix))
        {
            if (ulong.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var baseOffset))
            {
                found[baseOffset] = Array.Find(_all, segment => segment.BaseOffset == baseOffset) ?? Make(baseOffset);
            }
        }

        foreach (var gone in _all.Where(segment => !found.ContainsKey(segment.BaseOffset)))
        {
            gone.Dispose();
        }

        _all = [.. found.Values];
        _looked = true;
    }

    private LogSegment Make(ulong baseOffset) => new(store, folder, topicId, partition, baseOffset);
}
