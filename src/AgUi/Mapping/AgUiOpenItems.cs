namespace DashStream.AgUi;

/// <summary>What a translated run has open: runs inside runs, steps under names that are free, and text messages.</summary>
internal sealed class AgUiOpenItems
{
    // Beyond, ids are no longer told apart: a thread without runs may go on for ever.
    private const int MostIds = 100_000;

    private readonly List<(string Node, string Step)> _steps = [];
    private readonly Dictionary<string, string> _messages = [];
    private readonly Dictionary<string, int> _used = [];

    /// <summary>A name for a step that no other open one has.</summary>
    public string OpenStep(string node)
    {
        var step = node.Length == 0 ? "step" : node;
        for (var number = 2; _steps.Exists(open => open.Step == step); number++)
        {
            step = $"{node} ({number})";
        }

        _steps.Add((node, step));
        return step;
    }

    /// <summary>The step that a node's end closes: the one opened last under its name.</summary>
    public string? CloseStep(string node)
    {
        var at = _steps.FindLastIndex(open => open.Node == node);
        if (at < 0)
        {
            return null;
        }

        var step = _steps[at].Step;
        _steps.RemoveAt(at);
        return step;
    }

    public IReadOnlyList<string> TakeSteps()
    {
        string[] open = [.. _steps.Select(step => step.Step).Reverse()];
        _steps.Clear();
        return open;
    }

    /// <summary>The message of a model call; opened under an id that was not used in the run.</summary>
    public string OpenMessage(string request, out bool isNew)
    {
        isNew = !_messages.TryGetValue(request, out var id);
        return id ?? (_messages[request] = Unused(request));
    }

    public string? CloseMessage(string request) => _messages.Remove(request, out var id) ? id : null;

    public IReadOnlyList<string> TakeMessages()
    {
        string[] open = [.. _messages.Values];
        _messages.Clear();
        return open;
    }

    /// <summary>The id itself the first time, then with a number.</summary>
    public string Unused(string id)
    {
        if (_used.Count >= MostIds)
        {
            _used.Clear();
        }

        var times = _used[id] = _used.GetValueOrDefault(id) + 1;
        return times == 1 ? id : $"{id} ({times})";
    }

    public bool WasUsed(string id) => _used.ContainsKey(id);

    public void Clear()
    {
        _steps.Clear();
        _messages.Clear();
        _used.Clear();
    }
}
