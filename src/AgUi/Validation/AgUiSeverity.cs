namespace DashStream.AgUi;

/// <summary>How much a finding matters.</summary>
public enum AgUiSeverity
{
    /// <summary>Worth knowing; the protocol allows it.</summary>
    Notice,

    /// <summary>Receivers cope with it, but not all alike.</summary>
    Warning,

    /// <summary>The stream breaks the protocol.</summary>
    Error,
}
