using DashStream.Protocol;

namespace DashStream.Cli.Parsing;

/// <summary>Which messages a reader wants; what is not set lets everything through.</summary>
internal sealed record MessageFilter
{
    public IReadOnlyList<MessageKind> Kinds { get; init; } = [];

    public IReadOnlyList<string> Threads { get; init; } = [];

    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>Oldest time wanted, in microseconds since the Unix epoch.</summary>
    public long SinceUs { get; init; } = long.MinValue;

    /// <summary>First time not wanted any more.</summary>
    public long UntilUs { get; init; } = long.MaxValue;

    public bool Wants(DashStreamMessage message)
    {
        var header = MessageParts.HeaderOf(message);
        var time = header?.TimestampUs ?? 0;
        return (SinceUs == long.MinValue || time >= SinceUs)
            && (UntilUs == long.MaxValue || time < UntilUs)
            && (Threads.Count == 0 || Threads.Contains(header?.ThreadId ?? "", StringComparer.Ordinal))
            && (Kinds.Count == 0 || Kinds.Any(kind => kind.Matches(message)))
            && (Nodes.Count == 0 || NodesOf(message).Any(node => Nodes.Contains(node, StringComparer.Ordinal)));
    }

    private static IEnumerable<string> NodesOf(DashStreamMessage message) => message.MessageCase switch
    {
        DashStreamMessage.MessageOneofCase.Event => [message.Event.NodeId],
        DashStreamMessage.MessageOneofCase.EventBatch => message.EventBatch.Events.Select(inner => inner.NodeId),
        DashStreamMessage.MessageOneofCase.ExecutionTrace => message.ExecutionTrace.NodesExecuted.Select(node => node.Node),
        _ => [],
    };
}
