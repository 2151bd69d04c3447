namespace DashStream.State;

/// <summary>A patch or state whose result has another hash than the one it was sent with. Nothing was changed.</summary>
public sealed class StateHashMismatchException : StreamException
{
    internal StateHashMismatchException(StateHash expected, StateHash actual)
        : base(
            StreamErrorKind.Corrupt,
            $"The resulting state has the hash {actual}, but {expected} was announced: the patch was made for another state, or damaged. Ask for the full state.")
    {
        Expected = expected;
        Actual = actual;
    }

    /// <summary>The hash that came with the patch.</summary>
    public StateHash Expected { get; }

    /// <summary>The hash of what came out.</summary>
    public StateHash Actual { get; }
}
