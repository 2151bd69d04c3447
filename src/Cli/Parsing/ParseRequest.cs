using DashStream.Cli.Secrets;

namespace DashStream.Cli.Parsing;

/// <summary>What <c>parse</c> was asked for.</summary>
internal sealed record ParseRequest
{
    public required string Store { get; init; }

    public required string Topic { get; init; }

    /// <summary>Reads as a member of this group and commits; null reads alone.</summary>
    public string? Group { get; init; }

    /// <summary>Waits for more at the end of the log.</summary>
    public bool Tail { get; init; }

    /// <summary>What of the messages is printed.</summary>
    public ReportRedaction Redaction { get; init; } = ReportRedaction.On;

    public long? Limit { get; init; }

    public string Format { get; init; } = "text";

    /// <summary>Where to begin; positions name their partition. Null: the beginning, or with <see cref="Tail"/> the end.</summary>
    public IReadOnlyList<StartText> From { get; init; } = [];

    /// <summary>The partitions to read; empty means all.</summary>
    public IReadOnlyList<int> Partitions { get; init; } = [];

    public MessageFilter Filter { get; init; } = new();

    /// <exception cref="UsageException">Options that do not go together.</exception>
    public void Validate()
    {
        Refuse(From.Count > 1 && From.Any(start => start.Partition is null), "--from may be repeated for positions only: --from 0@5 --from 1@7.");
        Refuse(From.Where(start => start.Partition is not null).GroupBy(start => start.Partition).Any(same => same.Count() > 1),
            "--from names one partition twice.");
        Refuse(Partitions.Count > 0 && From.Any(start => start.Partition is not null), "--from with a position names its partition; leave out --partition.");
        Refuse(Group is not null && Partitions.Count > 0, "--partition cannot be used with --group: the group assigns partitions.");
        Refuse(Group is not null && From.Any(start => start.Partition is not null),
            "--from with a position cannot be used with --group: a group goes on behind what it committed.");
    }

    private static void Refuse(bool fault, string why)
    {
        if (fault)
        {
            throw new UsageException(why);
        }
    }
}
