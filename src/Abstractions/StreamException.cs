namespace DashStream;

/// <summary>
/// What a stream did wrong, with a <see cref="StreamErrorKind"/> to decide by. Caller mistakes that a compiler could have found (null, a negative count)
/// stay <see cref="ArgumentException"/>s. The backend's own exception, if any, is the inner one.
/// </summary>
public class StreamException : Exception
{
    /// <summary>Makes an error of the given kind.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="message">A full sentence: what, where, which limit, what to do. Never a secret.</param>
    /// <param name="innerException">The backend's own error.</param>
    public StreamException(StreamErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException) => Kind = kind;

    /// <summary>What went wrong.</summary>
    public StreamErrorKind Kind { get; }

    /// <summary>True when the same call may succeed later: <see cref="StreamErrorKind.Transient"/> and <see cref="StreamErrorKind.Throttled"/>.</summary>
    public bool IsTransient => Kind is StreamErrorKind.Transient or StreamErrorKind.Throttled;
}
