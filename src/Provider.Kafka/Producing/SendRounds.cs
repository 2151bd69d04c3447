namespace DashStream.Providers;

/// <summary>
/// The clock of a ledger's deadlines. They are kept to a sixteenth, on the early side: reading a clock for every send would cost more than the rest of the
/// ledger. Ticks only while something waits. Guarded by the ledger.
/// </summary>
internal sealed class SendRounds : IDisposable
{
    private const int Rounds = 16;

    private static readonly TimeSpan ShortestRound = TimeSpan.FromMilliseconds(5);

    private readonly ITimer _timer;
    private readonly TimeSpan _round;
    private readonly int _lifetime;
    private bool _armed;

    /// <summary>Stands still.</summary>
    /// <param name="limit">How long a send may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="sweep">Called each round, outside the ledger's lock.</param>
    public SendRounds(TimeSpan limit, TimeProvider time, Action sweep)
    {
        _round = limit / Rounds > ShortestRound ? limit / Rounds : ShortestRound;
        _lifetime = Math.Max(1, (int)(limit / _round));
        _timer = time.CreateTimer(static sweep => ((Action)sweep!)(), sweep, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The round that runs.</summary>
    public int Now { get; private set; }

    /// <summary>Ticks from now on, if it does not.</summary>
    public void Arm()
    {
        if (!_armed)
        {
            _armed = true;
            _timer.Change(_round, _round);
        }
    }

    /// <summary>Stands still until somebody arms it again.</summary>
    public void Disarm()
    {
        _armed = false;
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The next round begins.</summary>
    public void Advance() => Now = Now == int.MaxValue ? 0 : Now + 1;

    /// <summary>Whether the time of what was taken in during that round is over.</summary>
    public bool IsOver(int round) => Now - round >= _lifetime;

    public void Dispose() => _timer.Dispose();
}
