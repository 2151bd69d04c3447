namespace DashStream.State;

/// <summary>
/// The state of a thread at a moment cannot be rebuilt, because messages before it are missing or damaged. <see cref="StreamException.Kind"/> is
/// <see cref="StreamErrorKind.Corrupt"/>; the inner exception is that of the first message that did not fit.
/// </summary>
public sealed class StateUnknownException : StreamException
{
    internal StateUnknownException(string threadId, string point, StateMoment? lastKnown, StreamException? reason)
        : base(StreamErrorKind.Corrupt, Describe(threadId, point, lastKnown, reason), reason) => LastKnown = lastKnown;

    /// <summary>The last state before it that is known to be right; null without one.</summary>
    public StateMoment? LastKnown { get; }

    private static string Describe(string threadId, string point, StateMoment? lastKnown, StreamException? reason)
    {
        var known = lastKnown is null ? "no state before it is known" : $"the last one known to be right is that of number {lastKnown.Sequence} at {lastKnown.Position}";
        return $"The state of thread '{threadId}' at {point} cannot be rebuilt; {known}. {reason?.Message}".TrimEnd();
    }
}
