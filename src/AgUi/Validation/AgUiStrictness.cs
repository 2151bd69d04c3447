namespace DashStream.AgUi;

/// <summary>What counts as an error.</summary>
public enum AgUiStrictness
{
    /// <summary>All that breaks the protocol. For what is to be sent.</summary>
    Protocol,

    /// <summary>
    /// What known frameworks do nonetheless is a warning: steps that lack a start or an end or start twice, an end after an end, ids that are used again,
    /// arguments that are not JSON, results of calls made elsewhere, thoughts that are not ended, subagents that are unknown or change, kinds that this version does
    /// not know, optional fields that are null or hold something else. For what was recorded.
    /// </summary>
    Recorded,
}
