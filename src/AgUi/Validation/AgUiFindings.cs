namespace DashStream.AgUi;

/// <summary>Collects what is found in one event and decides how much it matters.</summary>
internal sealed class AgUiFindings(AgUiStrictness strictness)
{
    private static readonly HashSet<AgUiRule> Warnings =
    [
        AgUiRule.OtherRun, AgUiRule.EmptyContent, AgUiRule.ResultBeforeEnd, AgUiRule.SharedStateNotTold, AgUiRule.ContentType,
    ];

    private static readonly HashSet<AgUiRule> Notices =
    [
        AgUiRule.UnknownParentMessage, AgUiRule.DeltaWithoutState, AgUiRule.StateReplaced, AgUiRule.RawHoldsEvent, AgUiRule.NoTimestamps,
        AgUiRule.CustomNameWithoutOwner, AgUiRule.Silence, AgUiRule.Buffered,
    ];

    private static readonly HashSet<AgUiRule> KnownFromRecordings =
    [
        AgUiRule.StepNotStarted, AgUiRule.StepNotFinished, AgUiRule.StepStartedTwice, AgUiRule.RunEndedTwice, AgUiRule.MessageIdUsedAgain, AgUiRule.CallIdUsedAgain,
        AgUiRule.ArgumentsNotJson, AgUiRule.ResultWithoutCall, AgUiRule.UnknownType, AgUiRule.ReasoningNotEnded, AgUiRule.UnknownParentSubagent, AgUiRule.OtherSubagent,
    ];

    private List<AgUiFinding> _found = [];

    public long Index { get; set; }

    public bool IsLenient => strictness == AgUiStrictness.Recorded;

    public void Add(AgUiRule rule, string reason, string? field = null, AgUiSeverity? severity = null) =>
        _found.Add(new AgUiFinding(rule, severity ?? SeverityOf(rule), Index, field, reason));

    public void Add(AgUiException e) => _found.Add(new AgUiFinding(e.Rule, AgUiSeverity.Error, e.EventIndex, e.Field, e.Reason));

    public IReadOnlyList<AgUiFinding> Take()
    {
        if (_found.Count == 0)
        {
            return [];
        }

        var found = _found;
        _found = [];
        return found;
    }

    private AgUiSeverity SeverityOf(AgUiRule rule) =>
        Notices.Contains(rule) ? AgUiSeverity.Notice
        : Warnings.Contains(rule) || (IsLenient && KnownFromRecordings.Contains(rule)) ? AgUiSeverity.Warning
        : AgUiSeverity.Error;
}
