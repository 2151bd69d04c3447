namespace DashStream.State;

/// <summary>
/// Up to which number every message of one producer was seen since a state. Only then is it known that no patch is missing, which a patch without a hash needs.
/// </summary>
internal sealed class NumberCoverage
{
    private const int MostAhead = 256;

    private readonly SortedSet<ulong> _ahead = [];

    /// <summary>Every number up to this one was seen.</summary>
    public ulong To { get; private set; }

    /// <summary>Everything up to the number is covered now: what came before a state does not matter any more.</summary>
    /// <param name="number">The state's number.</param>
    /// <param name="goesOn">Whether it goes on from the numbers seen so far, or somebody counts anew.</param>
    public void Reset(ulong number, bool goesOn)
    {
        To = goesOn ? Math.Max(To, number) : number;
        if (!goesOn)
        {
            _ahead.Clear();
        }

        Advance();
    }

    public void See(ulong number)
    {
        if (number <= To)
        {
            return;
        }

        // Numbers far ahead are let go: then coverage stays behind, which is the careful side.
        if (_ahead.Count < MostAhead || number == To + 1)
        {
            _ahead.Add(number);
        }

        Advance();
    }

    private void Advance()
    {
        while (_ahead.Count > 0 && _ahead.Min <= To + 1)
        {
            To = Math.Max(To, _ahead.Min);
            _ahead.Remove(_ahead.Min);
        }
    }
}
