namespace DashStream;

/// <summary>What a run runs, told once at its start. Everything may be left out.</summary>
public sealed record RunGraph
{
    /// <summary>The graph's or agent's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>A description of nodes and edges, as JSON. Left out of the record above 500 KiB.</summary>
    public string ManifestJson { get; init; } = "";

    /// <summary>The schema of the graph, as JSON. Left out of the record above 500 KiB.</summary>
    public string SchemaJson { get; init; } = "";

    /// <summary>An id under which the schema is known.</summary>
    public string SchemaId { get; init; } = "";

    /// <summary>The first node.</summary>
    public string EntryPoint { get; init; } = "";

    /// <summary>How many nodes there are, or null.</summary>
    public int? NodeCount { get; init; }

    /// <summary>How many edges there are, or null.</summary>
    public int? EdgeCount { get; init; }
}

/// <summary>Token counts of one model call.</summary>
/// <param name="Prompt">Tokens of the prompt.</param>
/// <param name="Completion">Tokens of the answer.</param>
public readonly record struct TokenUsage(long Prompt, long Completion);
