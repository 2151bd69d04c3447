using DashStream.Protocol;

namespace DashStream.AgUi;

/// <summary>
/// Makes a stream of the rest of a run whose beginning is no longer kept: a start of its own, then what needs nothing of what is gone. Ends of what began before
/// and patches of a state that was not told are left out until the run ends.
/// </summary>
internal sealed class AgUiLateStart
{
    private readonly AgUiValidator _validator = new();
    private bool _isOpen = true;

    public AgUiLateStart(string thread)
    {
        Opening = AgUiEvent.Create(AgUiEventType.RunStarted, ("threadId", thread), ("runId", thread));
        _validator.Check(Opening);
    }

    /// <summary>Comes before the first event, unless that starts a run.</summary>
    public AgUiEvent? Opening { get; private set; }

    /// <summary>Whether the run that was cut goes on.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Whether a thread was recorded from AG-UI and its first message that is kept does not start a run.</summary>
    public static bool IsCut(IEnumerable<DashStreamMessage> messages)
    {
        var isFirst = true;
        foreach (var message in messages)
        {
            var type = message.Event is { } told ? AgUiMarks.Text(told.Attributes, AgUiMarks.Type) : null;
            if (isFirst && (type == "RUN_STARTED" || message.Event?.EventType == EventType.GraphStart))
            {
                return false;
            }

            if (type is not null || (message.Event is { } other && AgUiRestorer.IsOurs(other)) || message.Error?.Context.ContainsKey(AgUiMarks.Type) == true)
            {
                return true;
            }

            isFirst = false;
        }

        return false;
    }

    public void Open() => Opening = null;

    public bool Allows(AgUiEvent item)
    {
        if (!_isOpen)
        {
            return true;
        }

        if (item.Type is AgUiEventType.RunStarted or AgUiEventType.RunFinished or AgUiEventType.RunError)
        {
            Opening = item.Type == AgUiEventType.RunStarted ? null : Opening;
            _isOpen = false;
            return true;
        }

        return !_validator.Check(item).Any(finding => finding.Severity == AgUiSeverity.Error || finding.Rule == AgUiRule.DeltaWithoutState);
    }
}
