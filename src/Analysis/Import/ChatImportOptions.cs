namespace DashStream.Analysis;

/// <summary>How chat runs become messages.</summary>
public sealed class ChatImportOptions
{
    /// <summary>Begins every thread id (<c>PREFIX-TASK-TRIAL</c>) and names the graph. Default <c>run</c>; 1 to 200 characters.</summary>
    public string Prefix { get; set; } = "run";

    /// <summary>The tenant to write into headers, or empty (default) to leave it to the producer.</summary>
    public string TenantId { get; set; } = "";

    /// <summary>The source's name, noted at the start of each run. Default empty: not noted.</summary>
    public string SourceName { get; set; } = "";

    /// <summary>Where the time of import comes from.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    internal void Validate()
    {
        if (Prefix is not { Length: >= 1 and <= 200 })
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"Import option {nameof(Prefix)} has {Prefix?.Length ?? 0} characters; allowed are 1 to 200.");
        }
    }
}
