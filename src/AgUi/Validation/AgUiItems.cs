namespace DashStream.AgUi;

/// <summary>Something that was opened: a message, a tool call or a thought.</summary>
internal sealed class AgUiItem(string? owner, bool isChunked)
{
    /// <summary>The subagent it was opened under.</summary>
    public string? Owner => owner;

    /// <summary>Opened by a chunk, so that it ends by itself.</summary>
    public bool IsChunked => isChunked;

    /// <summary>What its opener said of it, for repeats.</summary>
    public Dictionary<string, string?> Said { get; } = [];

    /// <summary>The arguments so far.</summary>
    public MemoryStream? Arguments { get; init; }
}

/// <summary>Which items of one kind are open, and which were.</summary>
internal sealed class AgUiItems(string noun, AgUiItemRules rules, AgUiFindings findings, AgUiIds ids)
{
    private readonly Dictionary<string, AgUiItem> _open = [];
    private readonly Dictionary<string, string?> _ended = [];

    public bool IsOpen(string id) => _open.ContainsKey(id);

    public bool WasSeen(string id) => _open.ContainsKey(id) || _ended.ContainsKey(id);

    /// <summary>The subagent under which an item was opened that is open or ended.</summary>
    public string? OwnerOf(string id) => Find(id)?.Owner ?? _ended.GetValueOrDefault(id);

    public AgUiItem? Find(string id) => _open.GetValueOrDefault(id);

    public AgUiItem Open(string id, string? owner, bool isChunked, MemoryStream? arguments = null)
    {
        if (_open.ContainsKey(id))
        {
            findings.Add(rules.AlreadyOpen, $"{noun} {AgUiIds.Bounded(id)} is open already; end it first, or use another id");
        }
        else if (_ended.ContainsKey(id))
        {
            findings.Add(rules.UsedAgain, $"{noun} {AgUiIds.Bounded(id)} is complete; use another id for another {noun}");
        }
        else
        {
            ids.Count();
        }

        return _open[id] = new AgUiItem(owner, isChunked) { Arguments = arguments };
    }

    /// <summary>The open item that an event goes on with, or null.</summary>
    public AgUiItem? Continue(AgUiEvent item, string id, AgUiRule orphan)
    {
        if (!_open.TryGetValue(id, out var found))
        {
            var why = _ended.ContainsKey(id) ? "is complete" : "was not started";
            findings.Add(orphan, $"{noun} {AgUiIds.Bounded(id)} {why}; send {item.TypeName} only while it is open");
            return null;
        }

        if (item.SubagentRunId is { } owner && owner != found.Owner)
        {
            findings.Add(AgUiRule.OtherSubagent, $"{noun} {AgUiIds.Bounded(id)} was opened under another subagent; name the same one throughout", "subagentRunId");
        }

        return found;
    }

    public AgUiItem? Close(string id)
    {
        if (_open.Remove(id, out var item))
        {
            _ended[id] = item.Owner;
        }

        return item;
    }

    public void CheckAllEnded()
    {
        foreach (var (id, item) in _open)
        {
            if (!item.IsChunked)
            {
                findings.Add(rules.NotEnded, $"{noun} {AgUiIds.Bounded(id)} is still open; end it before its run finishes");
            }
        }
    }

    public void Clear()
    {
        _open.Clear();
        _ended.Clear();
    }
}

/// <summary>Under which rules a kind of item is reported.</summary>
internal sealed record AgUiItemRules(AgUiRule AlreadyOpen, AgUiRule UsedAgain, AgUiRule NotEnded);
