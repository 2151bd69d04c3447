using System.Collections.Concurrent;
using System.Globalization;

namespace DashStream.Sequencing;

/// <summary>
/// The lanes of a producer, bounded: the least recently used go first. A thread whose lane went comes back under a new producer identity, because its
/// numbers start at 1 again and would be taken for duplicates under the old one.
/// </summary>
internal sealed class LaneTable
{
    /// <summary>Record header that carries the producer identity.</summary>
    public const string IdentityHeader = "ds-producer";

    private readonly ConcurrentDictionary<LaneKey, Lane> _lanes = new();
    private readonly Lock _sweep = new();
    private readonly int _capacity;
    private readonly string _producerId;
    private StreamHeaders _headers;
    private long _clock;
    private int _epoch;

    public LaneTable(int capacity, Guid producerId)
    {
        _capacity = capacity;
        _producerId = producerId.ToString("N");
        _headers = [new StreamHeader(IdentityHeader, _producerId)];
    }

    public int Count => _lanes.Count;

    /// <summary>The lane of a thread. Check <see cref="Lane.Evicted"/> once the gate is held.</summary>
    public Lane Get(string tenantId, string threadId)
    {
        var key = new LaneKey(tenantId, threadId);
        if (!_lanes.TryGetValue(key, out var lane))
        {
            lane = Add(key);
        }

        Volatile.Write(ref lane.LastUse, Interlocked.Increment(ref _clock));
        return lane;
    }

    private Lane Add(LaneKey key)
    {
        lock (_sweep)
        {
            if (_lanes.TryGetValue(key, out var lane))
            {
                return lane;
            }

            if (_lanes.Count >= _capacity)
            {
                Evict();
            }

            lane = new Lane(key.ThreadId, _headers) { LastUse = Interlocked.Increment(ref _clock) };
            _lanes[key] = lane;
            return lane;
        }
    }

    // A hundredth at a time, so that the scan is paid for by many sends.
    private void Evict()
    {
        var count = Math.Max(1, _capacity / 100);
        foreach (var (key, lane) in _lanes.OrderBy(pair => Volatile.Read(ref pair.Value.LastUse)).Take(count).ToList())
        {
            lock (lane.Gate)
            {
                lane.Evicted = true;
                _lanes.TryRemove(key, out _);
            }
        }

        _epoch++;
        _headers = [new StreamHeader(IdentityHeader, string.Create(CultureInfo.InvariantCulture, $"{_producerId}-{_epoch}"))];
    }

    private readonly record struct LaneKey(string TenantId, string ThreadId);
}
