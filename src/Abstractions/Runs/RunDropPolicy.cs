namespace DashStream;

/// <summary>What <see cref="DashStreamRuns"/> drops when messages come faster than they are stored. What was taken once is never dropped.</summary>
public enum RunDropPolicy
{
    /// <summary>
    /// Token chunks, metrics and what nodes tell on their way (progress, thoughts, substeps) find no room once three quarters are taken. The last quarter is kept
    /// for what makes a run complete: starts, ends, errors, tool calls, states, the trace.
    /// </summary>
    DetailsFirst,

    /// <summary>Whatever comes when all room is taken.</summary>
    Newest,
}
