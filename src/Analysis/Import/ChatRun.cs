namespace DashStream.Analysis;

/// <summary>One recorded conversation of an agent, as a chat trajectory tells it. Immutable.</summary>
public sealed record ChatRun
{
    /// <summary>Number of the run in its source, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>The messages, in order; at least one.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>A digest of the run's JSON text: equal for the same run, wherever it is read from.</summary>
    public required ReadOnlyMemory<byte> ContentHash { get; init; }

    /// <summary>The thread id that the source itself gives, or null.</summary>
    public string? ThreadId { get; init; }

    /// <summary>The task, as text, or null when the source has none.</summary>
    public string? TaskId { get; init; }

    /// <summary>Which try at the task, as text, or null.</summary>
    public string? Trial { get; init; }

    /// <summary>The model's name, or null.</summary>
    public string? Model { get; init; }

    /// <summary>What the run was worth to its judge, or null.</summary>
    public double? Reward { get; init; }

    /// <summary>Whether the task was solved: the source's own word, else a reward of 1 or more, else null.</summary>
    public bool? Success { get; init; }
}

/// <summary>One message of a <see cref="ChatRun"/>.</summary>
public sealed record ChatMessage
{
    /// <summary>Who speaks: <c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c> (<c>developer</c> is read as system, <c>function</c> as tool).</summary>
    public required string Role { get; init; }

    /// <summary>The message as JSON text without white space around it: what the state holds.</summary>
    public required string Json { get; init; }

    /// <summary>What is said; text parts are joined. Null when the source says null or nothing.</summary>
    public string? Text { get; init; }

    /// <summary>The tool calls that an assistant asks for.</summary>
    public IReadOnlyList<ChatToolCall> ToolCalls { get; init; } = [];

    /// <summary>The call that a tool message answers, or null.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The tool's name in a tool message, or null.</summary>
    public string? Name { get; init; }

    /// <summary>Whether the source marks a tool message as failed by a member of its own.</summary>
    public bool MarkedFailed { get; init; }

    /// <summary>When it was said, in microseconds since the Unix epoch, or null when the source does not tell.</summary>
    public long? TimestampUs { get; init; }
}

/// <summary>One tool call.</summary>
/// <param name="Id">The call's id; empty when the source gives none.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">The arguments as JSON text, as the source has them; they need not be valid JSON.</param>
public sealed record ChatToolCall(string Id, string Name, string Arguments);

/// <summary>What the reader found at one place: a run, or what is wrong with it.</summary>
/// <param name="Number">Number of the run in its source, from 1.</param>
/// <param name="Run">The run, or null.</param>
/// <param name="Fault">Why there is none, or null.</param>
public sealed record ChatRunItem(long Number, ChatRun? Run, ImportException? Fault);
