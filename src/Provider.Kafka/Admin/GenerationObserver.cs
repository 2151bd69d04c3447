using System.Collections.Concurrent;

namespace DashStream.Providers;

/// <summary>
/// Kafka tells its members the generation of their group and nobody else. For observers we give the time at which this provider first saw the present
/// membership: it grows with every change that was seen. Safe for concurrent use.
/// </summary>
internal sealed class GenerationObserver(TimeProvider time)
{
    private const int MaxGroups = 10_000;

    private readonly ConcurrentDictionary<string, (string Shape, long Generation)> _seen = new(StringComparer.Ordinal);

    /// <summary>The generation of a group that looks like this.</summary>
    public long Of(string groupId, IEnumerable<GroupMember> members)
    {
        if (_seen.Count >= MaxGroups)
        {
            _seen.Clear();
        }

        var shape = string.Join(';', members.OrderBy(static member => member.Id, StringComparer.Ordinal).Select(static member => $"{member.Id}:{string.Join(',', member.Partitions)}"));
        var now = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        return _seen.AddOrUpdate(
            groupId,
            static (_, fresh) => fresh,
            static (_, old, fresh) => old.Shape == fresh.Shape ? old : (fresh.Shape, Math.Max(fresh.Generation, old.Generation + 1)),
            (Shape: shape, Generation: now)).Generation;
    }
}
