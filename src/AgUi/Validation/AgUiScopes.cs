namespace DashStream.AgUi;

/// <summary>What brackets other events of a run: steps, subagents, and stretches of reasoning.</summary>
internal sealed class AgUiScopes(AgUiFindings findings, AgUiIds ids)
{
    private readonly Dictionary<string, int> _steps = [];
    private readonly HashSet<string> _subagents = [];
    private readonly HashSet<string> _subagentsSeen = [];
    private readonly HashSet<string> _reasoning = [];

    public void Follow(AgUiEvent item)
    {
        switch (item.Type)
        {
            case AgUiEventType.StepStarted:
                StartStep(item.StepName!);
                break;
            case AgUiEventType.StepFinished:
                FinishStep(item.StepName!);
                break;
            case AgUiEventType.SubagentStarted:
                StartSubagent(item);
                break;
            case AgUiEventType.SubagentFinished when !_subagents.Remove(item.SubagentRunId!):
                findings.Add(AgUiRule.SubagentNotStarted, $"subagent {AgUiIds.Bounded(item.SubagentRunId!)} is not running");
                break;
            case AgUiEventType.SubagentError when !_subagents.Remove(item.SubagentRunId!):
                findings.Add(AgUiRule.FailedSubagentNotStarted, $"subagent {AgUiIds.Bounded(item.SubagentRunId!)} is not running");
                break;
            case AgUiEventType.ReasoningStart or AgUiEventType.ThinkingStart:
                ids.Count();
                _reasoning.Add(item.MessageId ?? "");
                break;
            case AgUiEventType.ReasoningEnd or AgUiEventType.ThinkingEnd when !_reasoning.Remove(item.MessageId ?? ""):
                findings.Add(AgUiRule.ReasoningWithoutStart, "a stretch of reasoning ends that is not open; begin it first");
                break;
        }
    }

    public void CheckAllEnded()
    {
        foreach (var step in _steps.Keys)
        {
            findings.Add(AgUiRule.StepNotFinished, $"step {AgUiIds.Bounded(step)} is still open; finish it before its run finishes");
        }

        foreach (var subagent in _subagents)
        {
            findings.Add(AgUiRule.SubagentNotFinished, $"subagent {AgUiIds.Bounded(subagent)} is still running; finish it before its run finishes");
        }

        if (_reasoning.Count > 0)
        {
            findings.Add(AgUiRule.ReasoningNotEnded, "a stretch of reasoning is still open; end it before its run finishes");
        }
    }

    public void Clear()
    {
        _steps.Clear();
        _subagents.Clear();
        _subagentsSeen.Clear();
        _reasoning.Clear();
    }

    private void StartStep(string name)
    {
        ids.Count();
        var open = _steps.GetValueOrDefault(name);
        if (open > 0)
        {
            findings.Add(AgUiRule.StepStartedTwice, $"step {AgUiIds.Bounded(name)} is open already; finish it first, or use another name");
        }

        _steps[name] = open + 1;
    }

    private void FinishStep(string name)
    {
        var open = _steps.GetValueOrDefault(name);
        if (open == 0)
        {
            findings.Add(AgUiRule.StepNotStarted, $"step {AgUiIds.Bounded(name)} is not open; start it first");
        }
        else if (open == 1)
        {
            _steps.Remove(name);
        }
        else
        {
            _steps[name] = open - 1;
        }
    }

    private void StartSubagent(AgUiEvent item)
    {
        if (item.Text("parentSubagentRunId") is { } parent && !_subagentsSeen.Contains(parent))
        {
            findings.Add(AgUiRule.UnknownParentSubagent, $"subagent {AgUiIds.Bounded(parent)} was not started", "parentSubagentRunId");
        }

        ids.Count();
        if (!_subagentsSeen.Add(item.SubagentRunId!))
        {
            findings.Add(AgUiRule.SubagentStartedTwice, $"subagent {AgUiIds.Bounded(item.SubagentRunId!)} was started already");
        }

        _subagents.Add(item.SubagentRunId!);
    }
}
