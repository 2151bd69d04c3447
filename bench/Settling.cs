namespace DashStream.Bench;

/// <summary>Tells when the rounds of a warm-up have stopped becoming faster: two in a row in which no side was a tenth faster than its best before.</summary>
internal sealed class Settling
{
    private const double Gain = 0.9;
    private const int CalmRounds = 2;

    private TimeSpan[]? _best;
    private int _calm;

    public bool IsSettled => _calm >= CalmRounds;

    /// <summary>Adds the times that the sides took for one round of the same operations, always in the same order.</summary>
    public void Add(IReadOnlyList<TimeSpan> times)
    {
        if (_best is null)
        {
            _best = [.. times];
            return;
        }

        var isFaster = false;
        for (var side = 0; side < times.Count; side++)
        {
            isFaster |= times[side] < Gain * _best[side];
            _best[side] = times[side] < _best[side] ? times[side] : _best[side];
        }

        _calm = isFaster ? 0 : _calm + 1;
    }
}
