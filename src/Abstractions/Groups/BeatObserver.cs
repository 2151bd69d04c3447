namespace DashStream.Groups;

/// <summary>
/// Tells which members are dead, by two clocks: the store's (its time minus that of the last beat) and this process's own monotonic one (since when the same
/// beat has been seen). Either suffices: a wall clock set back cannot keep the dead alive; one set forward ends sessions early, which is safe.
/// Not safe for concurrent use.
/// </summary>
internal sealed class BeatObserver(TimeProvider time)
{
    private readonly Dictionary<int, (long Beat, long Since)> _seen = [];

    /// <summary>Numbers of the members that are dead in a state read just now.</summary>
    public IReadOnlyList<int> FindDead(GroupView view)
    {
        Note(view.Document);
        var dead = new List<int>();
        foreach (var member in view.Document.Members)
        {
            if (Left(member, view.NowUs) < TimeSpan.Zero)
            {
                dead.Add(member.Number);
            }
        }

        return dead;
    }

    /// <summary>How long until the next member (other than that one) would be dead if it stays silent.</summary>
    public TimeSpan UntilNextDeath(GroupView view, int except)
    {
        var least = TimeSpan.MaxValue;
        foreach (var member in view.Document.Members)
        {
            if (member.Number != except && Left(member, view.NowUs) is var left && left < least)
            {
                least = left;
            }
        }

        return least;
    }

    private TimeSpan Left(MemberEntry member, long nowUs)
    {
        var timeout = TimeSpan.FromMicroseconds(member.TimeoutUs);
        var byStore = timeout - TimeSpan.FromMicroseconds(nowUs - member.BeatUs);
        var bySight = _seen.TryGetValue(member.Number, out var seen) ? timeout - time.GetElapsedTime(seen.Since) : timeout;
        return byStore < bySight ? byStore : bySight;
    }

    private void Note(GroupDocument document)
    {
        foreach (var member in document.Members)
        {
            if (!_seen.TryGetValue(member.Number, out var seen) || seen.Beat != member.Beat)
            {
                _seen[member.Number] = (member.Beat, time.GetTimestamp());
            }
        }

        if (_seen.Count > document.Members.Count)
        {
            foreach (var gone in _seen.Keys.Where(number => document.Find(number) is null).ToList())
            {
                _seen.Remove(gone);
            }
        }
    }
}
