namespace DashStream.State;

/// <summary>
/// How much of a document's table holds for another text too, because both begin with the same bytes: up to the end of the last value that is whole in both, or to
/// the beginning of the last container that has begun in both.
/// </summary>
internal ref struct CommonStart
{
    private readonly ReadOnlySpan<JsonToken> _tokens;
    private readonly PooledList<int> _open;
    private readonly PooledList<int> _waiting;

    public CommonStart(JsonIndex known, ReadOnlySpan<byte> other, PooledList<int> open, PooledList<int> waiting)
    {
        _tokens = known.Tokens.Span;
        _open = open;
        _waiting = waiting;
        var common = known.Source.CommonPrefixLength(other);
        while (Tokens < _tokens.Length && Take(_tokens[Tokens], common))
        {
            Tokens++;
        }
    }

    /// <summary>How many tokens hold; those in the list of open ones only as far as they have begun.</summary>
    public int Tokens { get; private set; }

    /// <summary>How many entries of the list of children hold.</summary>
    public int Children { get; private set; }

    /// <summary>How many bytes of rewritten texts hold.</summary>
    public int Rewritten { get; private set; }

    /// <summary>Where reading goes on.</summary>
    public int Length { get; private set; }

    /// <summary>The container that is open last has neither members nor elements yet.</summary>
    public bool EndsInFresh { get; private set; }

    /// <summary>Where the children of an open container begin among those that wait.</summary>
    public readonly int FirstWaiting(int open) => _waiting.Span.BinarySearch(_open[open]) + 1;

    private bool Take(in JsonToken token, int common)
    {
        var isContainer = token.Kind is JsonKind.Array or JsonKind.Object;
        var end = token.Start + token.Length;
        if (token.Start >= common || (end >= common && !isContainer))
        {
            return false;
        }

        Rewritten = token.IsKeyRewritten ? token.KeyStart + token.KeyLength : Rewritten;
        Rewritten = token.IsCanonical || isContainer ? Rewritten : token.First + token.Count;
        if (end <= Length)
        {
            // Inside a container that is whole.
            return true;
        }

        _waiting.Add(Tokens);
        EndsInFresh = end >= common;
        if (EndsInFresh)
        {
            _open.Add(Tokens);
            Length = token.Start + 1;
            return true;
        }

        Children = isContainer ? token.First + token.Count : Children;
        Length = end;
        return true;
    }
}
