namespace DashStream.State;

/// <summary>The check that a state arrived as it was sent.</summary>
internal static class StateChecks
{
    public static void Verify(ReadOnlyMemory<byte> state, StateHash expected, StateOptions options)
    {
        var actual = StateHash.Of(state, options);
        if (actual != expected)
        {
            throw new StateHashMismatchException(expected, actual);
        }
    }
}
