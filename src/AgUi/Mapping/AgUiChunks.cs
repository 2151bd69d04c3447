namespace DashStream.AgUi;

/// <summary>Which messages and tool calls chunks have open: one a subagent, and one outside of subagents.</summary>
internal sealed class AgUiChunks
{
    private static readonly string[] OwnOfEachChunk = ["messageId", "delta", "timestamp", "rawEvent"];

    private readonly Dictionary<string, (AgUiEventType Type, string Id)> _open = [];

    /// <summary>What the first chunk says beside its text, and later ones mostly repeat, as a JSON object; null for nothing.</summary>
    public static string? RepeatedBy(AgUiEvent first)
    {
        var kept = new AgUiDraft(first);
        foreach (var name in OwnOfEachChunk)
        {
            kept.Remove(name);
        }

        return AgUiDifference.Between(kept.ToEvent(), new AgUiDraft(first.Type), tellsTimes: false).Set;
    }

    /// <summary>What a chunk without an id goes on with.</summary>
    public string? OpenOf(AgUiEvent item) => _open.TryGetValue(LaneOf(item), out var open) && open.Type == item.Type ? open.Id : null;

    /// <summary>What a chunk opens; null when it opens nothing.</summary>
    public string? Open(AgUiEvent item)
    {
        if (item.Type is not (AgUiEventType.TextMessageChunk or AgUiEventType.ToolCallChunk) || OpenOf(item) is not null || IdOf(item) is not { } id)
        {
            return null;
        }

        _open[LaneOf(item)] = (item.Type, id);
        return id;
    }

    /// <summary>What an event shows to be complete.</summary>
    public IReadOnlyList<(AgUiEventType Type, string Id)> Close(AgUiEvent item)
    {
        if (_open.Count == 0 || item.Type is AgUiEventType.Raw or AgUiEventType.ActivitySnapshot or AgUiEventType.ActivityDelta
            or AgUiEventType.ReasoningEncryptedValue or AgUiEventType.SubagentStarted or AgUiEventType.Unknown)
        {
            return [];
        }

        var endsAll = item.Type is AgUiEventType.RunFinished or AgUiEventType.RunError or AgUiEventType.MessagesSnapshot;
        var ended = new List<(AgUiEventType, string)>();
        foreach (var (lane, open) in _open.ToList())
        {
            if (endsAll || (lane == LaneOf(item) && (open.Type != item.Type || (IdOf(item) ?? open.Id) != open.Id)))
            {
                _open.Remove(lane);
                ended.Add(open);
            }
        }

        return ended;
    }

    public void Clear() => _open.Clear();

    private static string LaneOf(AgUiEvent item) => item.SubagentRunId ?? "";

    private static string? IdOf(AgUiEvent item) => item.Type == AgUiEventType.ToolCallChunk ? item.ToolCallId : item.MessageId;
}
