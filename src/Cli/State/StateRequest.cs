using DashStream.Cli.Secrets;
using DashStream.State;

namespace DashStream.Cli.State;

/// <summary>What <c>state</c> was asked for.</summary>
internal sealed record StateRequest
{
    public required string Thread { get; init; }

    public required string Store { get; init; }

    public required string Topic { get; init; }

    public string? Tenant { get; init; }

    public required string Format { get; init; }

    /// <summary>What of the states is printed.</summary>
    public ReportRedaction Redaction { get; init; } = ReportRedaction.On;

    /// <summary>The moment to show; null unless it was named.</summary>
    public StatePoint? At { get; init; }

    /// <summary>Two moments to compare; empty for none.</summary>
    public IReadOnlyList<StatePoint> Diff { get; init; } = [];

    public bool Steps { get; init; }

    public bool Watch { get; init; }

    /// <summary>The thread to compare with; null for none.</summary>
    public string? Compare { get; init; }

    /// <summary>The store of <see cref="Compare"/>; null for the same.</summary>
    public string? CompareStore { get; init; }

    /// <summary>The topic of <see cref="Compare"/>; null for the same.</summary>
    public string? CompareTopic { get; init; }

    /// <exception cref="UsageException">An empty id, or options that do not go together.</exception>
    public void Validate()
    {
        if (Thread.Length == 0 || Compare?.Length == 0)
        {
            throw new UsageException("A thread's id cannot be empty.");
        }

        var asked = new[] { At is not null, Diff.Count > 0, Steps, Watch, Compare is not null }.Count(used => used);
        if (asked > 1)
        {
            throw new UsageException("Choose one of --at, --diff, --steps, --watch and --compare.");
        }

        if (Compare is null && (CompareStore is not null || CompareTopic is not null))
        {
            throw new UsageException("--compare-from and --compare-topic go with --compare THREAD.");
        }
    }
}
