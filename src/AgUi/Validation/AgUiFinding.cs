using System.Globalization;

namespace DashStream.AgUi;

/// <summary>Something that an AG-UI stream does not do as the protocol asks.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="EventIndex">Which event, counted from 0; for what is missing at the end, the number of events.</param>
/// <param name="Field">Which field of it; null when no single one is to blame.</param>
/// <param name="Reason">What is wrong and what to do. Names ids, never contents.</param>
public sealed record AgUiFinding(AgUiRule Rule, AgUiSeverity Severity, long EventIndex, string? Field, string Reason)
{
    /// <summary>The rule's code, such as AGUI203.</summary>
    public string Code => CodeOf(Rule);

    /// <summary>One line for people.</summary>
    public override string ToString() => $"{Severity} {Code} at event {EventIndex}{(Field is null ? "" : $", field {Field}")}: {Reason}";

    internal static string CodeOf(AgUiRule rule) => string.Create(CultureInfo.InvariantCulture, $"AGUI{(int)rule:000}");

    internal AgUiException ToException() =>
        new(Rule is AgUiRule.NotJson ? StreamErrorKind.Corrupt : StreamErrorKind.InvalidRequest, Rule, EventIndex, Field, Reason);
}
