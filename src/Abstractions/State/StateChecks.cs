namespace DashStream.State;

/// <summary>The check that a state arrived as it was sent.</summary>
internal static class StateChecks
{
    /// <summary>Throws when the state has another hash.</summary>
    /// <param name="state">The state that arrived.</param>
    /// <param name="expected">The hash of the one that was sent.</param>
    /// <param name="options">The limits.</param>
    /// <param name="base">The state that it was made of, most of whose text it is likely to begin with; null for none.</param>
    public static void Verify(ReadOnlyMemory<byte> state, StateHash expected, StateOptions options, JsonIndex? @base = null)
    {
        using var index = JsonIndex.OfState(state, options, @base);
        var actual = CanonicalWriter.Hash(index);
        if (actual != expected)
        {
            throw new StateHashMismatchException(expected, actual);
        }
    }
}
