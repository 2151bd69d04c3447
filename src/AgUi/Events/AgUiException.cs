namespace DashStream.AgUi;

/// <summary>
/// An AG-UI stream that cannot be read or breaks a rule. <see cref="StreamException.Kind"/> is <see cref="StreamErrorKind.Corrupt"/> for what is no event,
/// <see cref="StreamErrorKind.TooLarge"/> for limits and <see cref="StreamErrorKind.InvalidRequest"/> for an event that breaks a rule of the protocol.
/// </summary>
public sealed class AgUiException : StreamException
{
    internal AgUiException(StreamErrorKind kind, AgUiRule rule, long eventIndex, string? field, string reason, Exception? innerException = null)
        : base(kind, $"Event {eventIndex}{(field is null ? "" : $", field {field}")}: {reason} ({AgUiFinding.CodeOf(rule)}).", innerException) =>
        (Rule, EventIndex, Field, Reason) = (rule, eventIndex, field, reason);

    /// <summary>The rule that is broken.</summary>
    public AgUiRule Rule { get; }

    /// <summary>Which event, counted from 0 within the stream.</summary>
    public long EventIndex { get; }

    /// <summary>Which field of it; null when no single one is to blame.</summary>
    public string? Field { get; }

    internal string Reason { get; }
}
