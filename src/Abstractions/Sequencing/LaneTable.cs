using System.Collections.Concurrent;

namespace DashStream.Sequencing;

/// <summary>
/// The lanes of a producer, bounded: the least recently used go first. Each has a producer identity of its own: a thread whose lane went comes back under a new
/// one, because its numbers start at 1 again and would be taken for duplicates under the old one.
/// </summary>
internal sealed class LaneTable(int capacity)
{
    /// <summary>Record header that carries the producer identity where the message id does not.</summary>
    public const string IdentityHeader = "ds-producer";

    private readonly ConcurrentDictionary<LaneKey, Lane> _lanes = new();
    private readonly Lock _sweep = new();
    private long _clock;

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

            if (_lanes.Count >= capacity)
            {
                Evict();
            }

            lane = new Lane(key.ThreadId) { LastUse = Interlocked.Increment(ref _clock) };
            _lanes[key] = lane;
            return lane;
        }
    }

    // A hundredth at a time, so that the scan is paid for by many sends.
    private void Evict()
    {
        var count = Math.Max(1, capacity / 100);
        foreach (var (key, lane) in _lanes.OrderBy(pair => Volatile.Read(ref pair.Value.LastUse)).Take(count).ToList())
        {
            lock (lane.Gate)
            {
                lane.Evicted = true;
                _lanes.TryRemove(key, out _);
            }
        }
    }

    private readonly record struct LaneKey(string TenantId, string ThreadId);
}
